/** Where the transactions of a compact block are looked for. It must not change while one is. */
export interface TransactionSource {
  /**
   * Calls `visit` for each transaction, with the 32 bytes of its wtxid in `memory` from `start` and a handle
   * for the methods below, until it returns false.
   */
  each(visit: (memory: DataView, start: number, handle: number) => boolean): void;
  /** Serialized size in bytes. */
  size(handle: number): number;
  /** Copies the serialization into `target` from `at`. */
  copy(handle: number, target: Buffer, at: number): void;
}
