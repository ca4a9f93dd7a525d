/**
 * How far the clock may be ahead of what is expected from the monotonic clock, in milliseconds.
 */
const TOLERANCE_MS = 60_000;

/** How long a clock must stay set forward until it is believed, in milliseconds. */
const SETTLED_MS = 24 * 3_600_000;

/** Where time comes from, in milliseconds. */
export interface TimeSources {
  /** Unix time. */
  readonly wallMs: () => number;
  /** Time on a clock that is never set. */
  readonly monotonicMs: () => number;
}

/**
 * The time that decides about the age of things to remove. A clock that is a year ahead by mistake must not
 * cost a year of what is kept. So this time follows a clock that is set back at once. It follows one that is
 * set forward (or a machine that slept) only after a day.
 */
export class SettledTime {
  private trustedMs: number;
  private lookedMs: number;
  /** When the clock began to be ahead, on the monotonic clock. */
  private aheadSince: number | undefined;

  /**
   * @param trustedMs the time that is believed at the start, Unix time in milliseconds; default the clock's
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
