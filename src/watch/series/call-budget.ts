/**
 * Time of calls that may be used up: so much a minute, and what was saved up to a limit. A call may begin as
 * long as anything is left, since nobody knows beforehand how long it takes. What it takes too much is paid
 * back before the next.
 */
export class CallBudget {
  private leftMs: number;
  private filledMs: number | undefined;

  constructor(private readonly limits: { readonly perMinuteMs: number; readonly mostMs: number }) {
    this.leftMs = limits.mostMs;
  }

  /** Milliseconds until a call may begin; 0: now. */
  waitMs(nowMs: number): number {
    this.fill(nowMs);
    if (this.leftMs > 0) return 0;
    return ((1 - this.leftMs) * 60_000) / this.limits.perMinuteMs;
  }

  /** A call took this long. */
  spend(ms: number, nowMs: number): void {
    this.fill(nowMs);
    this.leftMs -= ms;
  }

  private fill(nowMs: number): void {
    const passedMs = nowMs - (this.filledMs ?? nowMs);
    this.filledMs = nowMs;
    const { perMinuteMs, mostMs } = this.limits;
    this.leftMs = Math.min(mostMs, this.leftMs + (passedMs * perMinuteMs) / 60_000);
  }
}
