/** How long is waited for another process. */
export interface PatienceLimits {
  /** Milliseconds in which the process could run, after which it is too late. */
  readonly runMs: number;
  /** Milliseconds of the clock after which it is too late even if the process could not run. */
  readonly hardMs: number;
}

/**
 * A deadline for another process that counts the time in which that process could run. Its owner looks at
 * short intervals. Where our own process is blocked it looks less often, and the other one has more time.
 */
export class Patience {
  private ranMs = 0;
  private allMs = 0;

  constructor(
    private readonly limits: PatienceLimits,
    private readonly everyMs: number,
  ) {}

  /**
   * Counts an interval, of which the process could run the given share, from 0 to 1. Returns whether it is
   * too late.
   */
  isOver(share: number): boolean {
    this.ranMs += this.everyMs * share;
    this.allMs += this.everyMs;
    return this.ranMs >= this.limits.runMs || this.allMs >= this.limits.hardMs;
  }
}
