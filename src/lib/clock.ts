import { randomInt } from 'node:crypto';
import { GRID_NS, checkTime, isPossible } from './point-times';

/** Source of time, handed to whatever needs it so that tests can own it. */
export interface Clock {
  /**
   * Wall-clock time in nanoseconds since the Unix epoch, which is never returned twice. Strictly greater at
   * each call, but for the calls before and after the system's clock was set back by more than a second.
   */
  uniqueNs(): bigint;
  /** Milliseconds on a clock that never steps, for durations. */
  monotonicMs(): number;
}

/** The system's clock was set. */
export interface ClockStep {
  /** By how many milliseconds; negative where it was set back. */
  readonly ms: number;
  /** The new time, Unix milliseconds. */
  readonly wallMs: number;
  /** Whether times follow it; not to where no point can be. */
  readonly isFollowed: boolean;
}

/** Who wants to know when the clock is set. */
export interface ClockSteps {
  /** `listener` is called before the first time after a step is returned, and may ask for times itself. */
  onStep(listener: (step: ClockStep) => void): void;
  /** Runs something during which no step is noticed, so that the times in it are in order. */
  steadily(action: () => void): void;
}

/**
 * How far the monotonic clock may run from the wall clock (slewed by NTP, set by hand) before it is anchored
 * again.
 */
const MAX_DRIFT_MS = 20;

/** What is more than that is a step. After a smaller one back, times wait for the wall clock. */
const STEP_MS = 1_000;

const GRID_MASK = -GRID_NS;

/** Where time comes from. */
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
 * The system's clock. The wall clock gives milliseconds, the monotonic one the nanoseconds between them.
 *
 * InfluxDB overwrites a point with one of the same series, tags and time, so no time may come twice. Times
 * are multiples of 64 ns plus a remainder. Where the clock would return a time twice, the next multiple is
 * taken. Where it is set back by more than a second, times follow it with another remainder: one that no
 * earlier time at or after the new one has.
 */
export class SystemClock implements Clock, ClockSteps {
  /** What the monotonic clock lacks of the wall clock's nanoseconds. */
  private anchorNs: bigint;
  /** The last time that was returned in this pass. */
  private last = 0n;
  /** A restart may come after a step as well: runs begin with different remainders, most of the time. */
  private remainder = randomInt(Number(GRID_NS));
  private remainderNs = BigInt(this.remainder);
  /** By remainder, the last time that an earlier pass returned. */
  private readonly reached = new Array<bigint>(Number(GRID_NS)).fill(0n);
  private readonly listeners: ((step: ClockStep) => void)[] = [];
  private isSteady = false;
  private isAstray = false;

  /** @throws FailureError where the system's clock is at a time that no point can have */
  constructor(private readonly sources: ClockSources = SYSTEM) {
    const wallMs = sources.wallMs();
    checkTime(wallMs);
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

  steadily(action: () => void): void {
    this.isSteady = true;
    try {
      action();
    } finally {
      this.isSteady = false;
    }
  }

  /** Follows the wall clock, which is `offMs` ahead of the times here. */
  private adjust(wallMs: number, offMs: number, monotonicNs: bigint): void {
    if (!isPossible(wallMs)) {
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
   * Begins to return times from `now` on that were not returned before; where no remainder is free for that,
   * goes on as before.
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

/** What a log says of a step. */
export function describeStep({ ms, wallMs, isFollowed }: ClockStep): string {
  const seconds = (Math.abs(ms) / 1_000).toFixed(3);
  const what = `the system's clock was set ${ms < 0 ? 'back' : 'forward'} by ${seconds} s`;
  if (!isFollowed)
    return `${what}, to ${new Date(wallMs).toISOString()}, where no point can be: points go on as if it had not been`;
  return `${what}${ms < 0 ? '' : ', or the machine slept'}: points follow it`;
}
