import type { Point } from '../metrics/point';
import type { WriteResult } from '../metrics/write-result';
import { StoreProcess } from '../store/process/store-process';
import type { Exporter } from './exporter';

/**
 * The embedded store as an exporter. A process of its own has the file open, and its `StoreWriter` stores a
 * batch as one transaction. A batch that this process did not confirm before it ended is given to the next
 * process, and is stored once.
 */
export class StoreExporter implements Exporter {
  readonly name = 'duckdb';
  readonly store: StoreProcess;

  constructor(
    private readonly options: { readonly path: string },
    modules: { readonly warn: (message: string) => void },
  ) {
    this.store = new StoreProcess(this.options, modules);
  }

  get file(): string {
    return this.store.path;
  }

  get damaged(): number {
    return this.store.lost;
  }

  /** @throws FailureError as `openStore` does */
  open(): Promise<void> {
    return this.store.open();
  }

  write(points: readonly Point[]): Promise<WriteResult> {
    return this.store.write(points);
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
