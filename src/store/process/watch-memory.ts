import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Milliseconds between two looks: a function takes a gigabyte in about that time. */
const EVERY_MS = 200;

/**
 * Watches the memory of a process where the system does not limit it, and calls `tooMuch` once it has more
 * than `bytes`. Returns a function that ends the watch.
 */
export function watchMemory(pid: number, bytes: number, tooMuch: () => void): () => void {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    // Counts as 0 where the process has ended or the look failed.
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
