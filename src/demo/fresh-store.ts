import { rm } from 'node:fs/promises';
import { FailureError, messageOf } from '../lib/errors';
import { checkPath, explainOpen } from '../store/open-errors';

/**
 * Removes the store that an earlier demo left at `file`. Each demo has its own chain, and one store would mix
 * them.
 * @throws FailureError if a process has the store open, such as a demo that still runs
 */
export async function removeOldStore(file: string): Promise<void> {
  await checkPath(file, false);
  try {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    // Opening needs DuckDB's lock, which every process that uses the file holds.
    (await DuckDBInstance.create(file)).closeSync();
  } catch (error) {
    throw new FailureError(explainOpen(file, messageOf(error)));
  }
  for (const part of [file, `${file}.wal`]) await rm(part, { force: true });
}
