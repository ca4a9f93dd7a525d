import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * How often the delay of the event loop is sampled, in milliseconds; on an idle loop a sample takes this
 * long. At 10 ms the sampling and a timer of 100 ms took a third of an idle listener's processor time.
 */
const RESOLUTION_MS = 20;

/**
 * Measures how late the event loop is. Node's histogram alone hides the worst cases. It omits the first
 * sample after each reset, so a loop that stalls for whole intervals has no samples at all. And a loop that
 * stalls for a second takes no samples meanwhile, so its single sample among 200 others is above the 99th
 * percentile. This class corrects both.
 */
export class LoopLag {
  private readonly histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private since = performance.now();
  /** The delay that the histogram omits, once it is known. */
  private first: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private longest = 0;
  /** Whether no interval has ended yet. The first one may begin later than this. */
  private isFirst = true;

  /** @param intervalMs nominal time between two calls of `take` */
  constructor(private readonly intervalMs: number) {
    this.histogram.enable();
    this.begin();
  }

  /** The longest delay in milliseconds in the interval that the last `take` ended. */
  get longestMs(): number {
    return this.longest;
  }

  /**
   * The delay in milliseconds that one in a hundred moments of the current interval saw, and at least the
   * time by which this call is late; the first call is never late, because nobody knows when it was due.
   * Undefined if the interval was too short. Starts the next interval.
   */
  take(): number | undefined {
    const elapsedMs = performance.now() - this.since;
    // A timer that is still waiting may already be late.
    const first = this.first ?? elapsedMs - RESOLUTION_MS;
    const { count } = this.histogram;
    const longest = Math.max(0, first, count === 0 ? 0 : this.histogram.max / 1e6 - RESOLUTION_MS);
    this.longest = longest;
    // A delay of a second affects a second's worth of moments; this is the delay at the last hundredth of the
    // interval.
    const seen = longest - elapsedMs / 100;
    const sampled = count === 0 ? -Infinity : this.histogram.percentile(99) / 1e6 - RESOLUTION_MS;
    const late = this.isFirst ? 0 : elapsedMs - this.intervalMs;
    this.isFirst = false;
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
