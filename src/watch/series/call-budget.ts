/**
 * A budget of time for calls: so much a minute, saved up to a limit. A call may begin if anything is left,
 * because its time is not known before. If it takes too much, the next call waits until that is paid back.
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
