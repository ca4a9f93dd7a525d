import type { PointSink } from '../metrics/emitter';

/**
 * Counts since the start; `queued` and `spooled` are current numbers. At every moment, pushed points plus the
 * points that an earlier run left in the spool = sent + dropped + queued + spooled.
 */
export interface QueueStats {
  /**
   * Points that the exporter has delivered: `duckdb` committed them, `influx+udp` handed them to the kernel,
   * `stdout` handed them to the pipe.
   */
  readonly sent: number;
  /** Points of `sent` that the receiver confirmed: all for `duckdb`, none for `influx+udp` and `stdout`. */
  readonly acked: number;
  /** Points given up: the queue was full, the point can't be written, or the program ended first. */
  readonly dropped: number;
  /** Points that wait in memory, including those of a running write. */
  readonly queued: number;
  /** Writes that failed and were repeated, or will be. */
  readonly retried: number;
  /** Points that wait on disk, over restarts; undefined where an exporter has no spool. */
  readonly spooled?: number;
  /**
   * Points that were on disk and are lost because their bytes were damaged; a lower bound. Damaged points of
   * a spool also count as dropped. Damaged points of a store may be of any run. Undefined for an exporter
   * without either.
   */
  readonly damaged?: number;
}

/**
 * The queue in front of an exporter: only the queue buffers, retries and counts. `push` never waits and never
 * throws.
 */
export interface PointQueue extends PointSink {
  readonly name: string;
  stats(): QueueStats;
  /**
   * Whether the queue would soon have to drop points. Sources that can hold points back should do so.
   */
  readonly isCrowded: boolean;
  /**
   * Delivers the waiting points without the usual pause. Resolves to true once every point pushed before the
   * call has left memory: delivered, on disk, or counted as dropped. Resolves to false if the queue is closed
   * first.
   */
  flush(): Promise<boolean>;
  /**
   * Delivers the waiting points, closes the exporter and returns the final counts, at the latest `deadlineMs`
   * milliseconds after the call.
   */
  close(deadlineMs: number): Promise<QueueStats>;
}
