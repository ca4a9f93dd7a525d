import type { Point } from '../metrics/point';
import { StoreProcess } from '../store/process/store-process';
import type { Exporter, WriteResult } from './exporter';

/**
 * The embedded store as an exporter: a process of its own has the file open. A batch is one transaction, as in `DuckDbExporter`, which
 * works there; a batch that the process did not confirm before it ended goes to the next one and is stored once.
 */
export class StoreExporter implements Exporter {
  readonly name = 'duckdb';
  /** The store's process, for queries beside the writing. */
  readonly process: StoreProcess;

  constructor(
    private readonly options: { readonly path: string },
    modules: { readonly warn: (message: string) => void },
  ) {
    this.process = new StoreProcess(this.options, modules);
  }

  get file(): string {
    return this.process.path;
  }

  get damaged(): number {
    return this.process.lost;
  }

  /** @throws FailureError as `openStore` does */
  open(): Promise<void> {
    return this.process.open();
  }

  write(points: readonly Point[]): Promise<WriteResult> {
    return this.process.write(points);
  }

  close(): Promise<void> {
    return this.process.close();
  }
}
