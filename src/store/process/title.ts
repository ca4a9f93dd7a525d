import { readFileSync } from 'node:fs';

/** Title of the process of a store in lists of processes. */
export const STORE_TITLE = 'btcdmon-node store';

/**
 * The process id of the program that a process works for: of its parent where it is the process of a store,
 * else its own. Only Linux tells; elsewhere it is always its own.
 */
export function programOf(pid: number): number {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(STORE_TITLE)) return pid;
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? pid);
  } catch {
    return pid;
  }
}
