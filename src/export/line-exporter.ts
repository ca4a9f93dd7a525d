import type { WriteResult } from '../metrics/write-result';

/** Lines that are delivered together. */
export interface LineBatch {
  /**
   * Unique among all batches of all nodes, and the same when a batch is delivered again, also after a
   * restart: a receiver that remembers it can drop the second delivery.
   */
  readonly id: string;
  /** Line protocol, times in nanoseconds, a newline after each line. */
  readonly lines: Buffer;
  /** Number of lines. */
  readonly points: number;
}

/**
 * Writes line protocol to one destination, from a spool: lines that can't be delivered wait on disk. Like
 * `Exporter` it neither buffers nor retries nor counts, and `writeLines` is called again only after the last
 * call has settled.
 */
export interface LineExporter {
  /** Name for logs and for the tag `exporter`: the scheme of its URL. */
  readonly name: string;
  /** Where the lines go, without secrets. It identifies the spool. */
  readonly destination: string;
  /**
   * Checks the settings and the receiver. A receiver that is away is no failure: points wait for it on disk.
   * @throws FailureError where waiting would not help: a wrong password, a database that is not there, a
   *   certificate
   */
  open(): Promise<void>;
  /**
   * @throws RetryLater if the receiver says when to come again; any other error if a later attempt may
   * succeed. Then nothing of the batch is stored, or a second delivery does no harm
   */
  writeLines(batch: LineBatch): Promise<WriteResult>;
  close(): Promise<void>;
}
