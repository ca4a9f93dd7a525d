import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** How often it is looked, in milliseconds: a function takes a gigabyte in about as long. */
const EVERY_MS = 200;

/**
 * Looks at the memory of a process where the system does not limit it, and calls `tooMuch` once it has more
 * than `bytes`. Returns what ends the watch.
 */
export function watchMemory(pid: number, bytes: number, tooMuch: () => void): () => void {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    // A process that has ended, or a look that failed, has none.
    const resident = await residentBytes(pid).catch(() => 0);
    looking = false;
    if (resident > bytes) tooMuch();
  };
  const timer = setInterval(() => void look(), EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** The memory that a process has, in bytes. */
async function residentBytes(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) * 1024;
}
