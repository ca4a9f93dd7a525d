import type { SeriesColumns } from '../columns';

/** Messages to the process that has a store open. */
export type ToStore =
  /**
   * The first message: the store to open. With `readOnly` other processes can read the store, too.
   * `isCurrent`: see `StoreOptions`.
   */
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly readOnly: boolean;
      readonly isCurrent: boolean;
    }
  /** Points to store. The next one is sent after the reply to this one. */
  | { readonly kind: 'write'; readonly groups: readonly SeriesColumns[]; readonly mayBeStored: boolean }
  /** A question. This module does not depend on its form. */
  | { readonly kind: 'ask'; readonly id: number; readonly question: unknown }
  /** Nobody waits for this answer any more. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** This many bytes of an answer were read. The process may send as many more. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  /** Asks for a sign of life: that its event loop runs, and that DuckDB answers. */
  | { readonly kind: 'ping' }
  /**
   * Starts to roll up points, and to remove them at this age; null means never. `nowMs` is the Unix time in
   * milliseconds according to the parent process. The parent has watched the clock for longer, and the clock
   * may be wrong.
   */
  | { readonly kind: 'retain'; readonly keepMs: number | null; readonly nowMs: number }
  /** Close the store and end. */
  | { readonly kind: 'close' };

/** Messages from the process that has a store open. */
export type FromStore =
  /** The first message: the process has loaded its code. */
  | { readonly kind: 'loaded' }
  /** The store is open. `outdated` are the series that lack columns, in a store that is only read. */
  | { readonly kind: 'opened'; readonly outdated: readonly string[] }
  | { readonly kind: 'unopened'; readonly error: WireError }
  /** Points that are being written wait for a COMMIT. `marks` are those of the files before it. */
  | { readonly kind: 'committing'; readonly marks: string }
  /** A checkpoint begins; `marks` are those of the files before it. Null: it is over. */
  | { readonly kind: 'checkpointing'; readonly marks: string | null }
  /** The points are on disk. */
  | { readonly kind: 'written' }
  | { readonly kind: 'unwritten'; readonly error: WireError }
  /** A part of an answer. */
  | { readonly kind: 'part'; readonly id: number; readonly part: unknown }
  /** The end of an answer. With an error the answer is incomplete. */
  | { readonly kind: 'end'; readonly id: number; readonly error?: WireError | undefined }
  /** At least this many stored points are lost, because their bytes were damaged. */
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
