import type { Clock } from '../lib/clock';
import { GRID_NS } from '../lib/point-times';

const GRID_MASK = -GRID_NS;
const NS_PER_MS = 1_000_000n;

/**
 * The longest time without packets, in nanoseconds, that is filled with intervals. A capture may consist of
 * several, with months between them.
 */
const MAX_FILLED_NS = 3_600_000_000_000n;

/**
 * The time of a capture: that of the packet that is read. It never goes back, even if packets are not in the
 * order of their times. Its monotonic milliseconds are Unix milliseconds.
 */
export class CaptureClock implements Clock {
  private nowNs = 0n;
  private nowMs = 0;
  private lastNs = 0n;
  private readonly intervalNs: bigint;
  /** End of the present interval; null before the first packet. */
  private dueNs: bigint | null = null;
  private write: () => void = () => undefined;
  private begin: (firstMs: number) => void = () => undefined;

  /** @param intervalMs length of an interval; intervals end at its multiples */
  constructor(intervalMs: number) {
    this.intervalNs = BigInt(Math.round(intervalMs * 1e6));
  }

  /** Has `begin` called with the time of the first packet, in Unix milliseconds, before it is handled. */
  onBegin(begin: (firstMs: number) => void): void {
    this.begin = begin;
  }

  /** Has `write` called at the end of each interval of captured time. Meanwhile the clock is at that end. */
  onInterval(write: () => void): void {
    this.write = write;
  }

  /** Goes on to the time of a packet, in nanoseconds since 1970. Intervals that end before it are written. */
  advance(timeNs: bigint): void {
    if (timeNs <= this.nowNs) return;
    if (this.dueNs === null) {
      this.begin(Math.floor(Number(timeNs) / 1e6));
      this.dueNs = this.endOfIntervalAt(timeNs);
    }
    while (this.dueNs <= timeNs) {
      this.set(this.dueNs);
      this.write();
      this.dueNs += this.intervalNs;
      if (timeNs - this.dueNs > MAX_FILLED_NS) this.dueNs = this.endOfIntervalAt(timeNs);
    }
    this.set(timeNs);
  }

  /** Ends the last interval, if there was any packet. */
  end(): void {
    if (this.dueNs !== null) this.write();
  }

  uniqueNs(): bigint {
    const time = this.nowNs & GRID_MASK;
    this.lastNs = time > this.lastNs ? time : this.lastNs + GRID_NS;
    return this.lastNs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  private endOfIntervalAt(timeNs: bigint): bigint {
    return (timeNs / this.intervalNs + 1n) * this.intervalNs;
  }

  private set(timeNs: bigint): void {
    this.nowNs = timeNs;
    // A number has no room for the nanoseconds of today.
    this.nowMs = Number(timeNs / NS_PER_MS) + Number(timeNs % NS_PER_MS) / 1e6;
  }
}
