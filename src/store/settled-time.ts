/**
 * Unix time in milliseconds that runs ahead no further than this of what the time since the last look allows.
 */
const TOLERANCE_MS = 60_000;

/** How long a clock that was set forward must have stayed there until it is believed. */
const SETTLED_MS = 24 * 3_600_000;

/** Where time comes from, in milliseconds. */
export interface TimeSources {
  /** Unix time. */
  readonly wallMs: () => number;
  /** Time on a clock that never steps. */
  readonly monotonicMs: () => number;
}

/**
 * Tells the time to what removes things for their age: a clock that is a year ahead by mistake must not cost
 * a year of points. Where the clock is set back it follows at once, where it is set forward (or the machine
 * slept) only after a day.
 */
export class SettledTime {
  private trustedMs: number;
  private lookedMs: number;
  /** Since when the clock has been ahead, on the monotonic clock. */
  private aheadSince: number | undefined;

  /**
   * @param trustedMs what is believed at the begin, in milliseconds of Unix time; default what the clock says
   */
  constructor(
    private readonly sources: TimeSources,
    trustedMs = sources.wallMs(),
  ) {
    this.trustedMs = trustedMs;
    this.lookedMs = sources.monotonicMs();
  }

  /** Unix time in milliseconds. */
  nowMs(): number {
    const { wallMs, monotonicMs } = this.sources;
    const now = monotonicMs();
    const expected = this.trustedMs + (now - this.lookedMs);
    const wall = wallMs();
    this.lookedMs = now;
    if (wall <= expected + TOLERANCE_MS) this.aheadSince = undefined;
    else this.aheadSince ??= now;
    const isBelieved = this.aheadSince === undefined || now - this.aheadSince >= SETTLED_MS;
    if (isBelieved) this.aheadSince = undefined;
    this.trustedMs = isBelieved ? wall : expected;
    return this.trustedMs;
  }
}
