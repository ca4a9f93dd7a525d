import type { Clock } from '../clock';
import { createExporter } from './registry';
import { ExportQueue } from './queue';
import type { Exporter } from './exporter';

/** What exports work with. */
export interface ExportsModules {
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /** Called when an exporter's other side is gone for good. */
  readonly onEnded: () => void;
}

/**
 * Makes and opens the exporter of each URL and puts a queue in front of it. Where one can't be opened, those that were are
 * closed again. Further exporters of one kind are named #2, #3.
 * @throws UsageError or FailureError of the first that fails
 */
export async function openExports(
  urls: readonly string[],
  modules: ExportsModules,
): Promise<{ readonly exporters: readonly Exporter[]; readonly queues: readonly ExportQueue[] }> {
  const exporters = urls.map((url) => createExporter(url, modules));
  const open: Exporter[] = [];
  try {
    for (const exporter of exporters) {
      await exporter.open();
      open.push(exporter);
    }
  } catch (error) {
    await Promise.all(open.map((exporter) => exporter.close()));
    throw error;
  }
  const queues = exporters.map((exporter, i) => {
    const nth = exporters.slice(0, i + 1).filter(({ name }) => name === exporter.name).length;
    const name = nth === 1 ? exporter.name : `${exporter.name}#${nth}`;
    return new ExportQueue({ name }, { ...modules, exporter });
  });
  return { exporters, queues };
}
