/** The transactions from which compact blocks are rebuilt. They must not change during a search. */
export interface TransactionSource {
  /**
   * Calls `visit` for each transaction until it returns false. The 32 bytes of `memory` from `start` are the
   * wtxid; the handle is for the methods below.
   */
  each(visit: (memory: DataView, start: number, handle: number) => boolean): void;
  /** Serialized size in bytes. */
  size(handle: number): number;
  /** Copies the serialization into `target` from `at`. */
  copy(handle: number, target: Buffer, at: number): void;
}
