import { readFileSync, readdirSync } from 'node:fs';

/** The ids of a process's threads. @throws where the system does not show them, or the process has ended */
export function threadsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`);
}

/** The state of a thread, a letter of proc_pid_stat(5); '' where the thread has ended meanwhile. */
export function stateOf(pid: number, thread: string): string {
  try {
    // The name of the program in brackets may have blanks and brackets in it.
    return /^.*\) (\w)/s.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1'))?.[1] ?? '';
  } catch {
    return '';
  }
}
