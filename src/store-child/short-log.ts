import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../store/store';

/**
 * Bytes of the write-ahead log from which it is put into the file while statements run that may end this
 * process: the next one reads what is left of it first, which takes 1 to 2 ms of processor time a kilobyte
 * where intervals are short.
 */
const LONG_BYTES = 100_000;

/**
 * DuckDB refuses a checkpoint while points are written: how often it is tried, and the milliseconds between.
 */
const TRIES = 5;
const BETWEEN_MS = 20;

const EVERY_MS = 1_000;

/**
 * Keeps the log short from now on until what it returns is called. Not always: the last rows of each table
 * are written anew each time, and most nodes are asked no statements.
 */
export async function keepLogShort(store: Store): Promise<() => void> {
  await shortenLog(store);
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    // A store that is closed meanwhile needs it no more.
    void shortenLog(store)
      .catch(() => undefined)
      .finally(() => (isBusy = false));
  }, EVERY_MS);
  return () => clearInterval(timer);
}

async function shortenLog(store: Store): Promise<void> {
  const { size } = await stat(`${store.path}.wal`).catch(() => ({ size: 0 }));
  if (size < LONG_BYTES) return;
  const connection = await store.connect();
  try {
    for (let attempt = 1; attempt <= TRIES; attempt++)
      try {
        await connection.run('CHECKPOINT');
        return;
      } catch {
        // A disk that is full or broken shows at the next write, which says so.
        await sleep(BETWEEN_MS);
      }
  } finally {
    connection.closeSync();
  }
}
