/** A caller that waits for the points that were pushed before its call. */
interface Waiter {
  readonly mark: number;
  readonly resolve: (taken: boolean) => void;
}

/**
 * Resolves callers of `flush` once the points that were pushed before their call have left the queue's
 * memory. Points leave a queue in their order.
 */
export class FlushWaiters {
  private pushed = 0;
  private waiters: Waiter[] = [];

  /** Notes that a point was pushed. */
  notePushed(): void {
    this.pushed += 1;
  }

  /**
   * Resolves to true once all points pushed before the call have left memory; to false if the queue is closed
   * first.
   */
  wait(queued: number): Promise<boolean> {
    if (queued === 0) return Promise.resolve(true);
    return new Promise((resolve) => this.waiters.push({ mark: this.pushed, resolve }));
  }

  /** Whether a caller waits. */
  get isAwaited(): boolean {
    return this.waiters.length > 0;
  }

  /** Notes that `queued` points are still in memory. */
  noteQueued(queued: number): void {
    const gone = this.pushed - queued;
    // The waiters are in the order of their marks.
    const waiting = this.waiters.findIndex(({ mark }) => mark > gone);
    const done = this.waiters.splice(0, waiting < 0 ? this.waiters.length : waiting);
    for (const { resolve } of done) resolve(true);
  }

  /** Resolves all waiters to false: the queue gives its points up. */
  giveUp(): void {
    for (const { resolve } of this.waiters.splice(0)) resolve(false);
  }
}
