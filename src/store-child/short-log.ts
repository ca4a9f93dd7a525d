import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileMarks } from '../store/process/file-marks';
import type { Store } from '../store/store';

/**
 * From this size on, in bytes, the write-ahead log is written into the file while statements run that may end
 * this process. The next process must read the rest of the log first, and panels wait for that.
 */
const LONG_BYTES = 100_000;

/**
 * How often a checkpoint is tried, and the milliseconds between: DuckDB refuses one while points are written.
 */
const TRIES = 5;
const BETWEEN_MS = 20;

const EVERY_MS = 1_000;

/** Called before a checkpoint with the marks of the store's files, and after it with null. */
type Tell = (marks: string | null) => void;

/**
 * Keeps the log short from now on until the function that it returns is called. It is not done always: each
 * checkpoint writes the last rows of each table anew, and most nodes are asked no statements.
 */
export async function keepLogShort(store: Store, tell: Tell): Promise<() => void> {
  await shortenLog(store, tell);
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    // A store that was closed meanwhile needs no short log.
    void shortenLog(store, tell)
      .catch(() => undefined)
      .finally(() => (isBusy = false));
  }, EVERY_MS);
  return () => clearInterval(timer);
}

async function shortenLog(store: Store, tell: Tell): Promise<void> {
  const { size } = await stat(`${store.path}.wal`).catch(() => ({ size: 0 }));
  if (size < LONG_BYTES) return;
  const connection = await store.connect();
  try {
    for (let attempt = 1; attempt <= TRIES; attempt++)
      try {
        tell(fileMarks(store.path));
        await connection.run('CHECKPOINT');
        return;
      } catch {
        // The next write reports a disk that is full or broken.
        await sleep(BETWEEN_MS);
      }
  } finally {
    tell(null);
    connection.closeSync();
  }
}
