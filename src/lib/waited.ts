import { readFileSync } from 'node:fs';

const NS_PER_MS = 1_000_000;

/**
 * How long this thread was ready to run so far and waited for a processor, in milliseconds: other programs
 * had it meanwhile. It is 0 where the system does not tell.
 * Source: the second number of /proc/PID/task/TID/schedstat (Linux, Documentation/scheduler/sched-stats).
 */
export function waitedMs(): number {
  try {
    const [, waited] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ');
    return Number(waited ?? 0) / NS_PER_MS;
  } catch {
    return 0;
  }
}
