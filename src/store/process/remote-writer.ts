import type { SeriesColumns } from '../columns';
import { StoreEnded } from './connection';
import type { StoreRunner } from './runner';
import { MAX_TRIES, type Retries } from './retries';

/** Sends points to the process of a store until one has stored them. */
export class RemoteWriter {
  /** Whether points were sent of which it is not known whether they are stored. */
  private isUncertain = false;

  constructor(
    private readonly runner: StoreRunner,
    private readonly retries: Retries,
  ) {}

  /**
   * Stores points as one transaction; resolves when they are on disk. The next process gets them where the
   * first one ends. After an attempt whose result is unknown the store is searched for them first, so that
   * none is stored twice.
   * @throws what the store says; the same points may be given again
   */
  async store(groups: readonly SeriesColumns[]): Promise<void> {
    let done: (() => void) | undefined;
    try {
      for (let attempt = 1; ; attempt++) {
        const connection = await this.runner.opened();
        const mayBeStored = this.isUncertain;
        this.isUncertain = true;
        try {
          await connection.write(groups, mayBeStored);
          this.isUncertain = false;
          return;
        } catch (error) {
          // It stays uncertain: a COMMIT that failed may have stored them, and the process may have ended
          // since.
          if (!(error instanceof StoreEnded) || this.runner.isClosing || attempt === MAX_TRIES) throw error;
        }
        done ??= this.retries.begin();
        await connection.ended;
      }
    } finally {
      done?.();
    }
  }
}
