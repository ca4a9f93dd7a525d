import type { Standardness } from '../policy/verdict';
import type { Hash } from '../wire/hash';
import type { Transaction } from '../wire/transaction';

/**
 * Why a transaction left the relay view. Whatever is built on one that leaves, other than into a block,
 * leaves with it.
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

/** A relayed transaction, at its first receipt, with what the policy says of it. */
export interface JudgedTransaction {
  readonly transaction: Transaction;
  readonly verdict: Standardness;
  /** In satoshi, where known. */
  readonly fee: number | undefined;
  /** When it came, on the monotonic clock, before it was decoded. */
  readonly receivedMs: number;
  /** When our own checks of it were done, on the same clock. */
  readonly judgedMs: number;
}

/** What the relay view tells the rest of the program. Amounts in satoshi, `size` in bytes, `vsize` in vB. */
export interface MempoolEvents {
  /** A transaction that had never been relayed before is in the view. */
  accepted: { readonly txid: Hash; readonly size: number; readonly vsize: number };
  /**
   * The fee of a relayed transaction is known: when it arrives, or later if a missing parent of one in the
   * view arrives. Emitted at most once for each transaction. One that is not accepted into the view gets it
   * only on arrival.
   */
  feeKnown: { readonly txid: Hash; readonly fee: number; readonly size: number; readonly vsize: number };
  /**
   * A transaction, relayed or in a block, arrived for the first time and spends an output that a known
   * transaction already spends. If n transactions spend one output, this is emitted n - 1 times.
   */
  conflict: {
    readonly txid: Hash;
    /** txid of the one that was known to spend it: the latest of the view, or of a block. */
    readonly conflictsWith: Hash;
    /** The output that both spend. */
    readonly prevTxid: Hash;
    readonly prevIndex: number;
    /** Where known. */
    readonly fee: number | undefined;
    /** Fee of the other transaction; undefined if unknown. */
    readonly otherFee: number | undefined;
  };
  /**
   * The relay policy was applied to a relayed transaction, at its first receipt, after the relay view took
   * it.
   */
  judged: JudgedTransaction;
  /** A transaction left the view. */
  removed: { readonly txid: Hash; readonly reason: RemovalReason };
}
