import { readFileSync } from 'node:fs';

/** What the process of a store is called in lists of processes. */
export const STORE_TITLE = 'btcdmon-node store';

/**
 * The program that a process works for: the one that started it where it is the process of a store, else
 * itself. Known on Linux; elsewhere it is the process.
 */
export function programOf(pid: number): number {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(STORE_TITLE)) return pid;
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? pid);
  } catch {
    return pid;
  }
}
