import { stateOf, threadsOf } from './thread-state';

/**
 * Whether a thread of a process waits for a disk at this moment: it is in uninterruptible sleep then,
 * state D of proc_pid_stat(5). Only Linux shows this. Elsewhere, and for a process that has ended, the
 * answer is true.
 */
export function waitsForDisk(pid: number): boolean {
  try {
    return threadsOf(pid).some((thread) => stateOf(pid, thread) === 'D');
  } catch {
    return true;
  }
}
