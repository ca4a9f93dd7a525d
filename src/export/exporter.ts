import type { Point } from '../metrics/point';
import type { WriteResult } from '../metrics/write-result';
import type { StoreProcess } from '../store/process/store-process';

/**
 * One way out. An exporter neither buffers nor retries nor counts: its queue does. `write` is never called
 * again before the promise of the last call has settled. Where `write` throws, the queue hands over the same
 * points again, so it must have stored none of them, or be one that writing a point twice does not harm
 * (InfluxDB keeps one point for each series, tags and time).
 */
export interface Exporter {
  /** Name for logs and for the tag `exporter`: the scheme of its URL. */
  readonly name: string;
  /** The file that it alone can have open; left out where it has none. */
  readonly file?: string;
  /**
   * Points that it had stored and that are lost, at least, since their bytes were damaged; left out where it
   * can't tell.
   */
  readonly damaged?: number;
  /** The embedded store behind it, for queries beside the writing. */
  readonly store?: StoreProcess;
  /** Connects or opens; a failure here ends the program at start (FailureError). */
  open(): Promise<void>;
  /** @throws ExporterEnded where no later attempt can succeed, anything else where one may */
  write(points: readonly Point[]): Promise<WriteResult>;
  /** Hands over what is still inside and frees everything. */
  close(): Promise<void>;
}

/** The other side is gone for good, as the reader of a pipe: the queue gives up and says so. */
export class ExporterEnded extends Error {
  override readonly name = 'ExporterEnded';
}
