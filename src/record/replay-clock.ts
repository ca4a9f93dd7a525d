import type { Clock, ClockSteps } from '../lib/clock';
import { GRID_NS } from '../lib/point-times';
import type { Readings } from './clock-readings';

const GRID_MASK = -GRID_NS;
const NONE: Readings = { unique: [], monotonic: [] };

/**
 * The clock of a replay: it tells the times that the clock of the run told at the same place. Where more are
 * asked for than were told then, as by a version of the program with more series, it goes on in the smallest
 * steps from the last.
 */
export class ReplayClock implements Clock, ClockSteps {
  /** Times that were asked for and not told in the run. */
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
