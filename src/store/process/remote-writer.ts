import type { SeriesColumns } from '../columns';
import { StoreEnded } from './connection';
import type { StoreRunner } from './runner';
import { MAX_TRIES, type Retries } from './retries';

/** Sends points to the process of a store until one has stored them. */
export class RemoteWriter {
  /** Whether it is unknown if the points that were sent last are stored. */
  private isUncertain = false;

  constructor(
    private readonly runner: StoreRunner,
    private readonly retries: Retries,
  ) {}

  /**
   * Stores points as one transaction. Resolves when they are on disk. If the process ends, the next process
   * gets them. If the result of the last attempt is unknown, the store is searched for the points first, so
   * that none is stored twice.
   * @throws the store's error; the caller may pass the same points again
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
