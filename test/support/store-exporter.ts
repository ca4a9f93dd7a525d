import type { Exporter } from '../../src/export/exporter';
import type { StoreWriter } from '../../src/store/writer';

/** The embedded store as an exporter, within this process. */
export function exporterOf(writer: StoreWriter): Exporter {
  return {
    name: 'duckdb',
    open: () => writer.open(),
    write: (points) => writer.write(points),
    close: () => writer.close(),
  };
}
