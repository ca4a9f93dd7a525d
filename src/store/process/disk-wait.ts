import { readFileSync, readdirSync } from 'node:fs';

/**
 * Whether a thread of a process waits for a disk at this moment: it is in uninterruptible sleep then,
 * state D of proc_pid_stat(5). Only Linux shows this. Elsewhere, and for a process that has ended, the
 * answer is true.
 */
export function waitsForDisk(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => stateOf(pid, thread) === 'D');
  } catch {
    return true;
  }
}

/** The state of a thread, a letter; '' where the thread has ended meanwhile. */
function stateOf(pid: number, thread: string): string {
  try {
    // The name of the program in brackets may have blanks and brackets in it.
    return /^.*\) (\w)/s.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1'))?.[1] ?? '';
  } catch {
    return '';
  }
}
