import { availableParallelism } from 'node:os';
import { type ThreadTimes, threadTimes } from '../../lib/thread-times';
import { stateOf, threadsOf } from './thread-state';

/**
 * Measures for which share of the time another process could run. On a busy machine a process that is ready
 * waits for a processor, and then it is no fault of a statement that it does not answer.
 * Source: schedstat and stat of each thread in /proc/PID/task (Linux, Documentation/scheduler/sched-stats).
 */
export class RunShare {
  private before = new Map<string, ThreadTimes>();
  private lastMs: number;

  constructor(
    private readonly pid: number | undefined,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.lastMs = nowMs();
    this.before = this.timesOf().times;
  }

  /**
   * The share since the last call, from 0 (each thread that had work waited for a processor) to 1 (none
   * waited; so it is for a process that sleeps as well). It is 1 where the system does not tell.
   */
  take(): number {
    const nowMs = this.nowMs();
    const elapsed = nowMs - this.lastMs;
    const { before } = this;
    const { times, ready } = this.timesOf();
    this.before = times;
    this.lastMs = nowMs;
    if (elapsed <= 0) return 1;
    let ran = 0;
    let waited = 0;
    for (const [thread, now] of times) {
      const then = before.get(thread) ?? { ran: 0, waited: 0 };
      const hasRun = now.ran - then.ran;
      ran += hasRun;
      // The system adds a wait at its end. A thread that was ready and has not run waited all the time.
      waited += hasRun === 0 && ready.has(thread) ? elapsed : now.waited - then.waited;
    }
    return shareOf({ ran, waited: Math.max(0, waited) }, elapsed, availableParallelism());
  }

  /** The times of all threads, and which of them are ready or run at this moment. */
  private timesOf(): { readonly times: Map<string, ThreadTimes>; readonly ready: ReadonlySet<string> } {
    const times = new Map<string, ThreadTimes>();
    const ready = new Set<string>();
    const { pid } = this;
    if (pid === undefined) return { times, ready };
    try {
      for (const thread of threadsOf(pid)) {
        times.set(thread, threadTimes(`${pid}/task/${thread}`));
        if (stateOf(pid, thread) === 'R') ready.add(thread);
      }
    } catch {
      // The system has no such files, or the process has ended.
      times.clear();
    }
    return { times, ready };
  }
}

/**
 * The share of `elapsed` milliseconds in which a process could run, from the times of all its threads. Its
 * threads also wait for one another: DuckDB has one for each processor, and Node.js has its own. So the share
 * is at least the part that the process took of all processors.
 */
export function shareOf({ ran, waited }: ThreadTimes, elapsed: number, processors: number): number {
  const wanted = ran + waited;
  if (wanted <= 0) return 1;
  const hadIts = 1 - (Math.min(1, wanted / elapsed) * waited) / wanted;
  return Math.max(hadIts, Math.min(1, ran / (processors * elapsed)));
}
