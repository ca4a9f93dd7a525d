import { type Exporter, type WriteResult, confirmed } from '../../src/export/exporter';
import type { Point } from '../../src/metrics/point';
import type { StoreWriter } from '../../src/store/writer';

/** The embedded store as an exporter, within this process. */
export function exporterOf(writer: StoreWriter): Exporter {
  return {
    name: 'duckdb',
    open: () => writer.open(),
    write: async (points: readonly Point[]): Promise<WriteResult> => {
      const { stored, rejection } = await writer.write(points);
      return confirmed(stored, rejection);
    },
    close: () => writer.close(),
  };
}
