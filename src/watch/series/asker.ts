import type { Clock } from '../../lib/clock';
import type { Timer } from '../../lib/timer';
import type { NodeLink } from '../node-link';
import type { WatchTask } from './watch-task';

/** Pauses before a node that does not answer is asked again. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** The longest pause while nothing is due: a task may fall due without waking anybody. */
const IDLE_MS = 60_000;

interface AskerModules {
  readonly link: NodeLink;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timer: Timer;
  /** A task threw what is no failure of the node: a fault of this program. */
  readonly fault: (method: string, error: unknown) => void;
  /** The node has answered. */
  readonly answered: () => void;
}

/** Runs the due tasks, one at a time. Tasks that come first in the list come first. */
export class Asker {
  private isStopped = false;
  private failuresInRow = 0;
  private pausing: { readonly isIdle: boolean; readonly end: () => void } | undefined;

  constructor(
    private readonly tasks: readonly WatchTask[],
    private readonly modules: AskerModules,
  ) {}

  start(): void {
    void this.work();
  }

  /** Something may be due now. A node that does not answer is not asked any sooner. */
  wake(): void {
    if (this.pausing?.isIdle === true) this.pausing.end();
  }

  stop(): void {
    this.isStopped = true;
    this.pausing?.end();
  }

  private async work(): Promise<void> {
    while (!this.stopped()) {
      const { task, waitMs } = this.next();
      if (task === undefined || waitMs > 0) await this.pause(waitMs, true);
      else await this.run(task);
    }
  }

  private stopped(): boolean {
    return this.isStopped;
  }

  private async run(task: WatchTask): Promise<void> {
    const { link, fault, answered } = this.modules;
    try {
      const isAnswered = await link.ask(async (node) => {
        await task.run(node);
        return true;
      });
      if (isAnswered === true) answered();
    } catch (error) {
      fault(task.method, error);
      await this.pause(FIRST_PAUSE_MS, false);
      return;
    }
    if (link.state === 'up') {
      this.failuresInRow = 0;
      return;
    }
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failuresInRow);
    this.failuresInRow += 1;
    await this.pause(pauseMs, false);
  }

  /** The first task that is due, or else the time until one is. */
  private next(): { readonly task: WatchTask | undefined; readonly waitMs: number } {
    const nowMs = this.modules.clock.monotonicMs();
    const { identity } = this.modules.link;
    let waitMs = IDLE_MS;
    for (const task of this.tasks) {
      if (identity !== undefined) {
        if (task.only !== undefined && task.only !== identity.kind) continue;
        if (identity.calls.refused.includes(task.method)) continue;
      }
      const dueInMs = task.dueInMs(nowMs, identity);
      if (dueInMs <= 0) return { task, waitMs: 0 };
      waitMs = Math.min(waitMs, dueInMs);
    }
    return { task: undefined, waitMs };
  }

  private pause(ms: number, isIdle: boolean): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.pausing = undefined;
        resolve();
      };
      const cancel = this.modules.timer(ms, end);
      this.pausing = { isIdle, end };
    });
  }
}
