import type { SeriesColumns } from '../columns';

/** Messages to the process that has a store open. */
export type ToStore =
  /** The first message: which store. `readOnly` leaves it to others to read as well. */
  | { readonly kind: 'open'; readonly path: string; readonly readOnly: boolean }
  /** Points to store. None follows before this one was answered. */
  | { readonly kind: 'write'; readonly groups: readonly SeriesColumns[]; readonly mayBeStored: boolean }
  /** A question; its form is known to those who ask and answer. */
  | { readonly kind: 'ask'; readonly id: number; readonly question: unknown }
  /** Nobody waits for this answer any more. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** So many bytes of an answer were taken: as many more may be sent. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  /** Asks for a sign of life: that its event loop goes on, and that DuckDB answers. */
  | { readonly kind: 'ping' }
  /**
   * From now on points are rolled up and, unless null, removed at this age. `nowMs` is the Unix time in
   * milliseconds that the parent, which outlives this process, believes: the clock may be wrong.
   */
  | { readonly kind: 'retain'; readonly keepMs: number | null; readonly nowMs: number }
  /** Close the store and end. */
  | { readonly kind: 'close' };

/** Messages from it. */
export type FromStore =
  | { readonly kind: 'opened'; readonly layout: ReadonlyMap<string, readonly string[]> }
  | { readonly kind: 'unopened'; readonly error: WireError }
  /** The points that are being written wait for their COMMIT. `marks` are those of the files before it. */
  | { readonly kind: 'committing'; readonly marks: string }
  /** The points are on disk. */
  | { readonly kind: 'written' }
  | { readonly kind: 'unwritten'; readonly error: WireError }
  /** A part of an answer. */
  | { readonly kind: 'part'; readonly id: number; readonly part: unknown }
  /** The end of an answer, which is incomplete where there is an error. */
  | { readonly kind: 'end'; readonly id: number; readonly error?: WireError | undefined }
  /** So many points at least are lost that were stored: their bytes were damaged. */
  | { readonly kind: 'lost'; readonly points: number }
  /** The sign of life that was asked for. */
  | { readonly kind: 'pong' }
  /** A line for the log. */
  | { readonly kind: 'warn'; readonly message: string };

/**
 * An error on the pipe between the processes. A `fault` is an error of the program itself; its message is the
 * stack.
 */
export interface WireError {
  readonly type: 'usage' | 'failure' | 'fault';
  readonly message: string;
}
