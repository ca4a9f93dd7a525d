/** Limits how often something is logged, such as a warning about a disk that stays full. */
export class Throttle {
  private loggedAt = -Infinity;

  constructor(
    /** Milliseconds on a clock that never steps. */
    private readonly nowMs: () => number,
    private readonly everyMs = 60_000,
  ) {}

  /** Whether it may be logged now. If so, it counts as logged. */
  allows(): boolean {
    const now = this.nowMs();
    if (now - this.loggedAt < this.everyMs) return false;
    this.loggedAt = now;
    return true;
  }
}
