import type { PointSink } from '../metrics/emitter';

/**
 * Cumulative since the start but for `queued` and `spooled`. At every moment, points pushed, and those that
 * an earlier run left in the spool, = sent + dropped + queued + spooled.
 */
export interface QueueStats {
  /**
   * Points of which the exporter has taken care: `duckdb` committed them, `influx+udp` handed them to the
   * kernel, `stdout` handed them to the pipe.
   */
  readonly sent: number;
  /** Those of `sent` that the receiver confirmed: all for `duckdb`, none for `influx+udp` and `stdout`. */
  readonly acked: number;
  /** Given up: the queue was full, the point can't be written, or the end came first. */
  readonly dropped: number;
  /** Points that wait in memory, those of a running write included. */
  readonly queued: number;
  /** Writes that failed and were made again, or will be. */
  readonly retried: number;
  /** Points that wait on disk, over restarts; undefined where an exporter has no spool. */
  readonly spooled?: number;
  /**
   * Points that were on disk and are lost, at least, since their bytes were damaged: those of a spool, which
   * are among the dropped, or those of a store, of whichever run; undefined where an exporter has neither.
   */
  readonly damaged?: number;
}

/**
 * What stands in front of an exporter: it alone buffers, retries and counts. `push` never waits and never
 * throws.
 */
export interface PointQueue extends PointSink {
  readonly name: string;
  stats(): QueueStats;
  /**
   * Whether so much waits that the queue would soon have to give points up: who can hold points back should
   * do so.
   */
  readonly isCrowded: boolean;
  /**
   * Sends what waits on its way without the usual pause. Resolves to true once every point pushed before the
   * call has left memory: delivered, on disk, or counted as dropped; to false where the end came first.
   */
  flush(): Promise<boolean>;
  /**
   * Delivers what waits, closes the exporter and returns the final counts at the latest `deadlineMs`
   * milliseconds after the call.
   */
  close(deadlineMs: number): Promise<QueueStats>;
}
