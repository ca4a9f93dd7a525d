import type { Point } from '../metrics/point';
import type { WriteResult } from '../metrics/write-result';
import type { StoreProcess } from '../store/process/store-process';

/**
 * Writes points to one destination. An exporter neither buffers nor retries nor counts: its queue does. The
 * queue calls `write` again only after the last call has settled. If `write` throws, the queue gives the same
 * points again. So it must have stored none of them, or storing a point twice must do no harm (InfluxDB keeps
 * one point for each series, tags and time).
 */
export interface Exporter {
  /** Name for logs and for the tag `exporter`: the scheme of its URL. */
  readonly name: string;
  /** The file that only this exporter can have open; left out if there is none. */
  readonly file?: string;
  /**
   * Points that it had stored and that are lost, because their bytes were damaged; it is a lower bound. Left
   * out where the exporter can't tell.
   */
  readonly damaged?: number;
  /** The embedded store that it writes to, which also answers queries. */
  readonly store?: StoreProcess;
  /** Connects or opens the destination. @throws FailureError, which ends the program at its start */
  open(): Promise<void>;
  /** @throws ExporterEnded where no later attempt can succeed, anything else where one may */
  write(points: readonly Point[]): Promise<WriteResult>;
  /** Writes what it still holds and frees everything. */
  close(): Promise<void>;
}

/** The destination is gone for good, like the reader of a pipe. The queue stops and logs the message. */
export class ExporterEnded extends Error {
  override readonly name = 'ExporterEnded';
}
