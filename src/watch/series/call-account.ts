import { quantile } from '../../lib/quantile';
import type { CallReport } from '../rpc-client';

/** Times that are kept of one interval. */
const MAX_TIMES = 10_000;

/** The calls of an interval. Times in milliseconds. */
interface CallCounts {
  readonly calls: number;
  readonly failed: number;
  readonly totalMs: number;
  /** Undefined where nothing was called. */
  readonly medianMs: number | undefined;
  readonly longestMs: number | undefined;
}

/** Counts the calls of a node's RPC, and what they cost. */
export class CallAccount {
  private calls = 0;
  private failed = 0;
  private totalMs = 0;
  private longestMs = 0;
  private timesMs: number[] = [];

  add({ ms, failure }: CallReport): void {
    this.calls += 1;
    if (failure !== null) this.failed += 1;
    this.totalMs += ms;
    this.longestMs = Math.max(this.longestMs, ms);
    if (this.timesMs.length < MAX_TIMES) this.timesMs.push(ms);
  }

  /** The counts since the last call of this method. */
  take(): CallCounts {
    const { calls, failed, totalMs, longestMs } = this;
    const sorted = this.timesMs.sort((a, b) => a - b);
    this.calls = 0;
    this.failed = 0;
    this.totalMs = 0;
    this.longestMs = 0;
    this.timesMs = [];
    return {
      ...{ calls, failed, totalMs },
      medianMs: quantile(sorted, 0.5),
      longestMs: calls === 0 ? undefined : longestMs,
    };
  }
}
