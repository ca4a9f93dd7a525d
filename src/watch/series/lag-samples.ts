import { quantile } from '../../lib/quantile';

/** The most times that are kept of one interval. */
const MAX_SAMPLES = 10_000;

/** Times of one interval, for their quantiles. */
export class LagSamples {
  private ms: number[] = [];

  add(ms: number): void {
    if (this.ms.length < MAX_SAMPLES) this.ms.push(ms);
  }

  /** Median and 90th percentile since the last call of this method; undefined where there was no time. */
  take(): { readonly p50: number | undefined; readonly p90: number | undefined } {
    const sorted = this.ms.sort((a, b) => a - b);
    this.ms = [];
    return { p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9) };
  }
}
