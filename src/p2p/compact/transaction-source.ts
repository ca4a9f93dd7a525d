/** Notes which transactions come. */
export interface HandleLog {
  /** The handles of those that came; some may be gone. */
  readonly handles: ReadonlySet<number>;
  /** Notes nothing more. */
  end(): void;
}

/** The transactions from which compact blocks are rebuilt. They must not change during a search. */
export interface TransactionSource {
  /** A number above all handles. */
  readonly handles: number;
  /**
   * Calls `visit` for each transaction until it returns false, in the order of the handles. The 32 bytes of
   * `memory` from `start` are the wtxid; the handle is for the methods below.
   * @param from the lowest handle that is visited; default: all are
   * @param to the lowest handle that is not
   */
  each(visit: (memory: DataView, start: number, handle: number) => boolean, from?: number, to?: number): void;
  /** Begins to note which transactions come. It must be ended. */
  logNew(): HandleLog;
  /** Serialized size in bytes. */
  size(handle: number): number;
  /** Copies the serialization into `target` from `at`. */
  copy(handle: number, target: Buffer, at: number): void;
}
