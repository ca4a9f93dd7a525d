import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * How often the delay of the event loop is sampled, in milliseconds; an idle loop's samples are this long. At 10 the sampling
 * itself and a timer of 100 ms took a third of an idle listener's processor time.
 */
const RESOLUTION_MS = 20;

/**
 * Measures how late the event loop is. Node's histogram alone hides what matters most. It leaves out the first sample after each
 * reset, so that a loop that stands for whole intervals has no samples at all; and a loop that stands for a second takes no
 * samples meanwhile, so that among 200 others its single one is above the 99th percentile. Both are made up for here.
 */
export class LoopLag {
  private readonly histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private since = performance.now();
  /** The delay that the histogram leaves out, once it is known. */
  private first: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private longest = 0;

  /** @param intervalMs time from one call of `take` to the next, as it should be */
  constructor(private readonly intervalMs: number) {
    this.histogram.enable();
    this.begin();
  }

  /** The longest delay in milliseconds of the interval that the last `take` ended. */
  get longestMs(): number {
    return this.longest;
  }

  /**
   * The delay in milliseconds that one in a hundred moments of the interval saw that ends now, at least the time that this call
   * comes late; undefined where the interval was too short to tell. Begins the next interval.
   */
  take(): number | undefined {
    const elapsedMs = performance.now() - this.since;
    // While the timer is still waiting it may be late already.
    const first = this.first ?? elapsedMs - RESOLUTION_MS;
    const { count } = this.histogram;
    const longest = Math.max(0, first, count === 0 ? 0 : this.histogram.max / 1e6 - RESOLUTION_MS);
    this.longest = longest;
    // A delay of a second is seen in a second's worth of moments: the least of them for the last hundredth of the interval.
    const seen = longest - elapsedMs / 100;
    const sampled = count === 0 ? -Infinity : this.histogram.percentile(99) / 1e6 - RESOLUTION_MS;
    const late = elapsedMs - this.intervalMs;
    this.begin();
    if (count === 0 && late <= 0 && seen <= 0) return undefined;
    return Math.max(0, sampled, seen, late);
  }

  private begin(): void {
    this.histogram.reset();
    clearTimeout(this.timer);
    this.first = undefined;
    const since = performance.now();
    this.since = since;
    this.timer = setTimeout(() => (this.first = performance.now() - since - RESOLUTION_MS), RESOLUTION_MS);
    this.timer.unref();
  }
}
