import { randomInt } from 'node:crypto';
// The global of this name is a getter, which takes as long as the clock.
import { performance } from 'node:perf_hooks';
import { GRID_NS, checkSystemTime, isPointTime } from './point-times';

/** The time. Whatever needs it gets it handed in, so that tests can own it. */
export interface Clock {
  /**
   * Wall-clock time in nanoseconds since the Unix epoch. No time is returned twice. Each is greater than the
   * one before, except after the system's clock was set back by more than a second.
   */
  uniqueNs(): bigint;
  /** Milliseconds on a clock that never steps, for measuring durations. */
  monotonicMs(): number;
}

/** A change of the system's clock. */
export interface ClockStep {
  /** The change in milliseconds; negative where the clock was set back. */
  readonly ms: number;
  /** The new time, Unix milliseconds. */
  readonly wallMs: number;
  /** Whether the times of points follow. They do not follow to a time that no point can have. */
  readonly isFollowed: boolean;
}

/** Tells when the system's clock is set. */
export interface ClockSteps {
  /**
   * Has `listener` called before the first time after a step is returned. The listener may ask for times
   * itself.
   */
  onStep(listener: (step: ClockStep) => void): void;
  /** Runs `action`. Steps are not noticed meanwhile, so that its times are in order. */
  withoutSteps(action: () => void): void;
}

/**
 * How far the monotonic clock may differ from the wall clock (slewed by NTP, set by hand) before it follows.
 */
const MAX_DRIFT_MS = 20;

/** A larger difference is a step. After a smaller one back, times wait for the wall clock. */
const STEP_MS = 1_000;

const GRID_MASK = -GRID_NS;

/** The clocks of the system. */
export interface ClockSources {
  /** Unix time in milliseconds. */
  readonly wallMs: () => number;
  /** Nanoseconds on a clock that never steps. */
  readonly monotonicNs: () => bigint;
}

const SYSTEM: ClockSources = {
  wallMs: () => Date.now(),
  monotonicNs: () => process.hrtime.bigint(),
};

/**
 * The system's clock. The wall clock gives the milliseconds, and the monotonic clock the nanoseconds between
 * them.
 *
 * InfluxDB overwrites a point that has the same series, tags and time as a new one, so no time may be
 * returned twice. Times are multiples of 64 ns plus a remainder. Where a time would be returned twice, the
 * next multiple is taken. Where the clock is set back by more than a second, times follow with another
 * remainder: one that no earlier time at or after the new one has.
 */
export class SystemClock implements Clock, ClockSteps {
  /** The difference between the wall clock and the monotonic clock in nanoseconds. */
  private anchorNs: bigint;
  /** The last time that was returned since the last step back. */
  private last = 0n;
  /**
   * The remainder of the times. It starts at random: the clock may have been set back before this start, and
   * then earlier times mostly have another remainder.
   */
  private remainder = randomInt(Number(GRID_NS));
  private remainderNs = BigInt(this.remainder);
  /** For each remainder, the last time that was returned with it before a step back. */
  private readonly reached = new Array<bigint>(Number(GRID_NS)).fill(0n);
  private readonly listeners: ((step: ClockStep) => void)[] = [];
  private isSteady = false;
  private isAstray = false;

  /** @throws FailureError where the system's clock is at a time that no point can have */
  constructor(private readonly sources: ClockSources = SYSTEM) {
    const wallMs = sources.wallMs();
    checkSystemTime(wallMs);
    this.anchorNs = BigInt(wallMs) * 1_000_000n - sources.monotonicNs();
  }

  uniqueNs(): bigint {
    const monotonicNs = this.sources.monotonicNs();
    let now = this.anchorNs + monotonicNs;
    if (!this.isSteady) {
      const wallMs = this.sources.wallMs();
      const offMs = wallMs - Number(now) / 1e6;
      if (offMs > MAX_DRIFT_MS || offMs < -MAX_DRIFT_MS) {
        this.adjust(wallMs, offMs, monotonicNs);
        now = this.anchorNs + monotonicNs;
      }
    }
    const time = (now & GRID_MASK) | this.remainderNs;
    this.last = time > this.last ? time : this.last + GRID_NS;
    return this.last;
  }

  monotonicMs(): number {
    return performance.now();
  }

  onStep(listener: (step: ClockStep) => void): void {
    this.listeners.push(listener);
  }

  withoutSteps(action: () => void): void {
    this.isSteady = true;
    try {
      action();
    } finally {
      this.isSteady = false;
    }
  }

  /** Follows the wall clock, which is `offMs` milliseconds ahead. */
  private adjust(wallMs: number, offMs: number, monotonicNs: bigint): void {
    if (!isPointTime(wallMs)) {
      if (!this.isAstray) this.tell({ ms: Math.round(offMs), wallMs, isFollowed: false });
      this.isAstray = true;
      return;
    }
    this.isAstray = false;
    this.anchorNs = BigInt(wallMs) * 1_000_000n - monotonicNs;
    if (offMs < -STEP_MS) this.beginPass(BigInt(wallMs) * 1_000_000n);
    if (Math.abs(offMs) > STEP_MS) this.tell({ ms: Math.round(offMs), wallMs, isFollowed: true });
  }

  /**
   * Begins to return times from `now` on, with a remainder that none of them had before. If no remainder is
   * free, the times go on as before.
   */
  private beginPass(now: bigint): void {
    this.reached[this.remainder] = this.last;
    const free = this.reached.findIndex((reached) => reached < now);
    if (free < 0) return;
    this.remainder = free;
    this.remainderNs = BigInt(free);
    this.last = 0n;
  }

  private tell(step: ClockStep): void {
    for (const listener of this.listeners) listener(step);
  }
}

/** The log line about a step. */
export function describeStep({ ms, wallMs, isFollowed }: ClockStep): string {
  const seconds = (Math.abs(ms) / 1_000).toFixed(3);
  const what = `the system's clock was set ${ms < 0 ? 'back' : 'forward'} by ${seconds} s`;
  if (!isFollowed)
    return `${what}, to ${new Date(wallMs).toISOString()}, a time that no point can have: points do not follow it`;
  return `${what}${ms < 0 ? '' : ', or the machine slept'}: points follow it`;
}
