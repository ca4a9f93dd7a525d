import { link, lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem } from './disk-errors';
import { BtcdmonError, FailureError, UsageError } from './errors';
import { expandHome } from './home';

/**
 * Makes a file that is either complete or not there: `fill` writes it under a temporary name beside it, which
 * is then renamed. A file that exists is never overwritten.
 * @param what the file as errors name it, such as `--output x.csv`
 * @throws UsageError where there is something with this name; FailureError where it can't be made; what
 *   `fill` throws
 */
export async function makeNewFile(
  named: string,
  what: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const file = path.resolve(expandHome(named));
  const isThere = (): UsageError =>
    new UsageError(`${what}: is there already and is not overwritten; name another file, or remove it`);
  if ((await lstat(file).catch(() => undefined)) !== undefined) throw isThere();
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await fill(temporary);
    const handle = await open(temporary, 'r');
    await handle.sync().finally(() => handle.close());
    await renameNew(temporary, file, isThere);
  } catch (error) {
    if (error instanceof BtcdmonError) throw error;
    throw new FailureError(`${what}: can't be written: ${diskProblem(error)}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Renames a file, unless there is one with the new name. */
async function renameNew(from: string, to: string, isThere: () => UsageError): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw isThere();
    // Some file systems know no links. There it was looked for the name before.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    await rename(from, to);
  }
}
