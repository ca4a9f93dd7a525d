/** Somebody who waits for the points that were pushed before a moment. */
interface Waiter {
  readonly mark: number;
  readonly resolve: (taken: boolean) => void;
}

/**
 * Tells when the points that a queue had taken at some moment have left its memory; a queue lets them go in
 * their order.
 */
export class FlushWaiters {
  private pushed = 0;
  private waiters: Waiter[] = [];

  /** Notes that a point was pushed. */
  notePushed(): void {
    this.pushed += 1;
  }

  /** Resolves once all points pushed before the call have left memory; false where the end came first. */
  wait(queued: number): Promise<boolean> {
    if (queued === 0) return Promise.resolve(true);
    return new Promise((resolve) => this.waiters.push({ mark: this.pushed, resolve }));
  }

  /** Whether somebody waits. */
  get isAwaited(): boolean {
    return this.waiters.length > 0;
  }

  /** Notes that `queued` points are left. */
  noteQueued(queued: number): void {
    const gone = this.pushed - queued;
    // Oldest first, and the oldest wait for the least.
    const waiting = this.waiters.findIndex(({ mark }) => mark > gone);
    const done = this.waiters.splice(0, waiting < 0 ? this.waiters.length : waiting);
    for (const { resolve } of done) resolve(true);
  }

  /** Tells everybody who waits that their points did not get there. */
  giveUp(): void {
    for (const { resolve } of this.waiters.splice(0)) resolve(false);
  }
}
