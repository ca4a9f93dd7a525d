import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { FailureError, messageOf } from '../errors';

/** Makes the data directory where it is missing; throws FailureError naming it where that can't be. */
export async function dataDirectory(directory: string): Promise<string> {
  try {
    // Not recursive: a mistyped path should not grow folders.
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return directory;
    throw new FailureError(`--data-dir ${directory}: can't be made: ${messageOf(error)}`);
  }
  return directory;
}

/** The embedded store of a data directory, as an export URL. */
export function defaultStore(directory: string): string {
  return `duckdb:${path.join(directory, 'btcdmon.duckdb')}`;
}
