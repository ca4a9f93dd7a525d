import type { WriteResult } from '../metrics/write-result';

/** Lines of line protocol that are delivered together. */
export interface LineBatch {
  /**
   * Unique among all batches of all nodes, and the same when a batch is delivered again, also after a
   * restart: a receiver that remembers it can drop the second delivery.
   */
  readonly id: string;
  /** Line protocol, times in nanoseconds, a newline behind each line. */
  readonly lines: Buffer;
  /** How many lines. */
  readonly points: number;
}

/**
 * A way out for line protocol, with a spool before it: what could not be delivered waits on disk. Like
 * `Exporter` it neither buffers nor retries nor counts, and `writeLines` is never called again before the
 * promise of the last call has settled.
 */
export interface LineExporter {
  /** Name for logs and for the tag `exporter`: the scheme of its URL. */
  readonly name: string;
  /** Where the lines go, without secrets; tells spools apart. */
  readonly destination: string;
  /**
   * Checks what can be checked. A receiver that is away is no failure: points wait for it on disk.
   * @throws FailureError where waiting would not help: a wrong password, a database that is not there, a
   *   certificate
   */
  open(): Promise<void>;
  /**
   * @throws RetryLater where the receiver says when to come again, anything else where a later attempt may
   *   succeed; nothing of the batch may be stored then, or be stored such that a second delivery does no harm
   */
  writeLines(batch: LineBatch): Promise<WriteResult>;
  close(): Promise<void>;
}
