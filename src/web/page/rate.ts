const WINDOW_MS = 60_000;

/** After less time than this a rate would be a guess. */
const LEAST_MS = 5_000;

/** Events per minute, over the last minute or since the start. */
export class RatePerMinute {
  private beganMs: number;
  private seen: { readonly ms: number; readonly count: number }[] = [];

  constructor(private readonly now: () => number) {
    this.beganMs = now();
  }

  /** Starts with earlier events, newest first. */
  begin(times: readonly number[]): void {
    this.beganMs = times.at(-1) ?? this.now();
    this.seen = times.map((ms) => ({ ms, count: 1 }));
  }

  add(count: number): void {
    this.seen.push({ ms: this.now(), count });
  }

  /** Null before there is enough data. */
  perMinute(): number | null {
    const now = this.now();
    this.seen = this.seen.filter(({ ms }) => ms > now - WINDOW_MS);
    const ms = Math.min(WINDOW_MS, now - this.beganMs);
    if (ms < LEAST_MS) return null;
    return Math.round((this.seen.reduce((sum, { count }) => sum + count, 0) * WINDOW_MS) / ms);
  }
}
