import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../store/store';

/**
 * Bytes of the write-ahead log from which it is put into the file before a statement that may end this process: the next one reads
 * what is left of it first, half a millisecond for each transaction of some 5 kB.
 */
const LONG_BYTES = 500_000;

/** DuckDB refuses a checkpoint while points are written: how often it is tried, and the milliseconds between. */
const TRIES = 5;
const BETWEEN_MS = 20;

/**
 * Puts the log into the file where it is long. Not at each commit: the last rows of each table are written anew each time, and most nodes
 * are asked no statements.
 */
export async function shortenLog(store: Store): Promise<void> {
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
