/**
 * Why a transaction left the relay view. When one leaves for another reason than a block, its descendants
 * leave with it.
 */
export type RemovalReason =
  /** A block contains it. */
  | 'block'
  /** A block holds another transaction that spends what it spends. */
  | 'conflict'
  /** Another relayed transaction that spends what it spends took its place. */
  | 'replaced'
  /** It waited for longer than transactions are kept. */
  | 'expired'
  /** It was the oldest when the view was full. */
  | 'evicted';

/** Events of the relay view. Amounts in satoshi, `size` in bytes, `vsize` in vB. */
export interface MempoolEvents {
  /** A transaction that was never relayed before is in the view. */
  accepted: { readonly txid: string; readonly size: number; readonly vsize: number };
  /**
   * The fee of a relayed transaction is known: when it arrives, or later if a missing parent of one in the
   * view arrives. Emitted at most once for each transaction. One that is not accepted into the view gets it
   * only on arrival.
   */
  feeKnown: { readonly txid: string; readonly fee: number; readonly size: number; readonly vsize: number };
  /**
   * A transaction, relayed or in a block, arrived for the first time and spends an output that a known
   * transaction already spends. If n transactions spend one output, this is emitted n - 1 times.
   */
  conflict: {
    readonly txid: string;
    /** txid of the transaction that was known to spend it: the latest in the view, or the one in a block. */
    readonly conflictsWith: string;
    /** The output that both spend, as `txid:index`. */
    readonly prevOut: string;
    /** Undefined if unknown. */
    readonly fee: number | undefined;
    /** Fee of the other transaction; undefined if unknown. */
    readonly otherFee: number | undefined;
  };
  /** A transaction left the view. */
  removed: { readonly txid: string; readonly reason: RemovalReason };
}
