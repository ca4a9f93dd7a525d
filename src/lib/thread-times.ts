import { readFileSync } from 'node:fs';

/** How long a thread has run, and how long it was ready and waited for a processor, in milliseconds. */
export interface ThreadTimes {
  readonly ran: number;
  readonly waited: number;
}

const NS_PER_MS = 1_000_000;

/**
 * The times of a thread so far.
 * Source: schedstat of a thread (Linux, Documentation/scheduler/sched-stats).
 * @param thread its place in /proc: `thread-self`, or `PID/task/TID`
 * @throws the error of the system where it has no such file, or where the thread has ended
 */
export function threadTimes(thread: string): ThreadTimes {
  const text = readFileSync(`/proc/${thread}/schedstat`, 'latin1');
  const [ran = 0, waited = 0] = text.split(' ').map((ns) => Number(ns) / NS_PER_MS);
  return { ran, waited };
}
