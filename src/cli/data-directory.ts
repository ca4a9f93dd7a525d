import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem } from '../lib/disk-errors';
import { FailureError, UsageError } from '../lib/errors';
import { kindOf } from '../lib/named-file';
import { GLOBAL_OPTIONS } from './options';

/** Names of what this program makes in its data directory; everything else there belongs to the user. */
const OURS = /^(alerts|headers-|i2p-|onion-key-|peers-|btcdmon\.duckdb|spool|collect-spool|chain|crawl-)/;

/**
 * Makes the data directory where it is missing. The default one and our files in it are made readable only
 * for this user, also where they exist already; a folder that the user names keeps its mode. @throws
 * FailureError or UsageError that names it, where it can't be made or used
 */
export async function dataDirectory(
  directory: string,
  byDefault: string = GLOBAL_OPTIONS['data-dir'].default,
): Promise<string> {
  try {
    // Not recursive: a mistyped path should not grow folders.
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new FailureError(`--data-dir ${directory}: can't be made: ${diskProblem(error)}`);
    const found = await stat(directory).catch((problem: unknown) => {
      throw new FailureError(`--data-dir ${directory}: can't be used: ${diskProblem(problem)}`);
    });
    if (!found.isDirectory())
      throw new UsageError(
        `--data-dir ${directory}: is ${kindOf(found) ?? 'a file'}, not a folder; name a folder`,
      );
    if (path.resolve(directory) === byDefault) await restrict(directory);
  }
  return directory;
}

/**
 * Takes away the rights of others to a folder of ours and to our files in it. Files of other users stay as
 * they are.
 */
async function restrict(directory: string): Promise<void> {
  const found = await lstat(directory);
  if (!found.isDirectory()) return;
  await chmod(directory, 0o700).catch(() => undefined);
  const names = await readdir(directory).catch((): string[] => []);
  for (const name of names.filter((one) => OURS.test(one))) {
    const file = path.join(directory, name);
    const found = await lstat(file).catch(() => undefined);
    // Links are not followed: they may lead to files of others.
    if (found?.isFile() === true) await chmod(file, 0o600).catch(() => undefined);
    else if (found?.isDirectory() === true) await restrictTree(file);
  }
}

async function restrictTree(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => undefined);
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const file = path.join(folder, entry.name);
    if (entry.isFile()) await chmod(file, 0o600).catch(() => undefined);
    else if (entry.isDirectory()) await restrictTree(file);
  }
}

/** The embedded store of a data directory, as an export URL. */
export function defaultStore(directory: string): string {
  return `duckdb:${path.join(directory, 'btcdmon.duckdb')}`;
}
