import type { Point } from '../metrics/point';

/** What became of one batch. A batch that could not be delivered at all is an exception, and the queue tries again. */
export interface WriteResult {
  /** Points handed to the transport. */
  readonly sent: number;
  /** Points that the receiver confirmed to have stored; 0 where it cannot (UDP, pipes). */
  readonly acked: number;
  /** Points that can never be written (a value that the format cannot hold); they are skipped, the rest goes. */
  readonly rejected: number;
}

/**
 * One way out. An exporter neither buffers nor retries nor counts: its queue does. `write` is never called again before
 * the promise of the last call has settled.
 */
export interface Exporter {
  /** Name for logs and for the tag `exporter`: the scheme of its URL. */
  readonly name: string;
  /** Connects or opens; a failure here ends the program at start. */
  open(): Promise<void>;
  write(points: readonly Point[]): Promise<WriteResult>;
  /** Hands over what is still inside and frees everything. */
  close(): Promise<void>;
}
