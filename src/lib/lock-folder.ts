import { readFile, rm, writeFile } from 'node:fs/promises';
import { FailureError } from './errors';

/**
 * Locks a folder for this process by a file with its process id and, where the system tells it, its start
 * time. Without the start time, a process id that is used again would lock the folder for good.
 * @returns a function that unlocks the folder
 * @throws FailureError where another process has the lock
 */
export async function lockFolder(file: string, what: string): Promise<() => Promise<void>> {
  const mine = await identityOf(process.pid);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(file, mine ?? String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readFile(file, 'utf8').catch(() => '');
    const pid = Number(holder.split(' ')[0]);
    if (pid > 0 && (await identityOf(pid)) === holder)
      throw new FailureError(`${what}: is in use by process ${pid}; stop that one`);
    await rm(file, { force: true });
  }
  throw new FailureError(`${what}: is in use by another process; stop that one`);
}

/**
 * Id and start time (Linux: in ticks since boot) of a running process; undefined if it does not run.
 */
async function identityOf(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The program's name, in parentheses, may hold any characters; the start time is the 20th field after it.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return started === undefined ? String(pid) : `${pid} ${started}`;
}
