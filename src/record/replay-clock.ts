import type { Clock, ClockSteps } from '../lib/clock';
import { GRID_NS } from '../lib/point-times';
import type { Readings } from './clock-readings';

const GRID_MASK = -GRID_NS;
const NONE: Readings = { unique: [], monotonic: [] };

/**
 * The clock of a replay. It gives the readings that the clock of the run gave at the same place. If more are
 * needed than there were, for example because a later version has more series, it continues in the smallest
 * steps from the last.
 */
export class ReplayClock implements Clock, ClockSteps {
  /** Readings that the replay needed and the run did not have. */
  invented = 0;

  private readings = NONE;
  private unique = 0;
  private monotonic = 0;
  private nowNs = 0n;
  private lastNs = 0n;
  private lastMs = 0;

  /** Goes on to the time of a record, in nanoseconds since 1970. */
  load(timeNs: bigint, readings: Readings | null): void {
    this.nowNs = timeNs;
    this.readings = readings ?? NONE;
    this.unique = 0;
    this.monotonic = 0;
  }

  /** Unix time of the record in seconds. */
  readonly unixTime = (): number => Number(this.nowNs) / 1e9;

  uniqueNs(): bigint {
    const told = this.readings.unique[this.unique++];
    if (told === undefined) this.invented += 1;
    this.lastNs = told ?? this.after();
    return this.lastNs;
  }

  monotonicMs(): number {
    const told = this.readings.monotonic[this.monotonic++];
    if (told === undefined) this.invented += 1;
    this.lastMs = told ?? this.lastMs;
    return this.lastMs;
  }

  onStep(): void {
    // The steps of the run's clock are in its times.
  }

  withoutSteps(action: () => void): void {
    action();
  }

  private after(): bigint {
    const now = this.nowNs & GRID_MASK;
    return now > this.lastNs ? now : this.lastNs + GRID_NS;
  }
}
