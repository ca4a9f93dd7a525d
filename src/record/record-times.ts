import type { Clock } from '../lib/clock';
import { GRID_NS } from '../lib/point-times';

/** For how long the monotonic clock goes on alone: as little as a slewed wall clock does not show. */
const ALONE_MS = 100;

const NS_A_MS = 1e6;

/**
 * Times of records, in nanoseconds since `epochNs`. A unique time takes 0.4 µs, and a record needs none: so
 * most times are those of the monotonic clock since a unique one.
 */
export class RecordTimes {
  private anchorNs = 0;
  private anchorMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly epochNs: bigint,
  ) {}

  /** The present time, not after the next unique one. */
  now(): number {
    const sinceMs = this.clock.monotonicMs() - this.anchorMs;
    if (sinceMs < ALONE_MS) return this.anchorNs + Math.floor(sinceMs * NS_A_MS);
    // Unique times are on a grid, and may be behind the clock by its width.
    this.anchorNs = Number(this.clock.uniqueNs() - this.epochNs - GRID_NS);
    this.anchorMs = this.clock.monotonicMs();
    return this.anchorNs;
  }

  /** A time in nanoseconds since 1970. */
  timeNs(sinceNs: number): bigint {
    return this.epochNs + BigInt(sinceNs);
  }
}
