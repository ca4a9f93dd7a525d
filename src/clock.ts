/** Source of time, handed to whatever needs it so that tests can own it. */
export interface Clock {
  /** Wall-clock time in nanoseconds since the Unix epoch; strictly greater at each call. */
  uniqueNs(): bigint;
  /** Milliseconds on a clock that never steps, for durations. */
  monotonicMs(): number;
}

/** How far the monotonic clock may run from the wall clock (slewed by NTP, set by hand) before it is anchored again. */
const MAX_DRIFT_MS = 20;

/**
 * The system's clock. The wall clock gives milliseconds, the monotonic one the nanoseconds between them. InfluxDB
 * overwrites a point with one of the same series, tags and time, so `uniqueNs` adds a nanosecond where the clock would
 * return a value twice, and stays ahead of its last value when the wall clock is set back.
 */
export class SystemClock implements Clock {
  private anchorNs = 0n;
  private last = 0n;

  uniqueNs(): bigint {
    const wallMs = Date.now();
    const monotonicNs = process.hrtime.bigint();
    let now = this.anchorNs + monotonicNs;
    if (Math.abs(Number(now / 1_000_000n) - wallMs) > MAX_DRIFT_MS) {
      this.anchorNs = BigInt(wallMs) * 1_000_000n - monotonicNs;
      now = this.anchorNs + monotonicNs;
    }
    this.last = now > this.last ? now : this.last + 1n;
    return this.last;
  }

  monotonicMs(): number {
    return performance.now();
  }
}
