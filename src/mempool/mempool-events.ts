import type { Measures } from '../policy/measures';
import type { Standardness } from '../policy/verdict';
import type { Hash } from '../wire/hash';
import type { Transaction } from '../wire/transaction';
import type { ExaminedBlock } from './examined-block';

/** Why a transaction left the relay view. Its descendants leave with it, unless a block contains it. */
export type RemovalReason =
  /** A block contains it. */
  | 'block'
  /** A block contains another transaction that spends one of the same outputs. */
  | 'conflict'
  /** Another relayed transaction that spends one of the same outputs replaced it. */
  | 'replaced'
  /** It waited for a block for too long. */
  | 'expired'
  /** It was the oldest when the view was full. */
  | 'evicted';

/** A relayed transaction at its first receipt, with the verdict of the relay policy. */
export interface JudgedTransaction {
  readonly transaction: Transaction;
  readonly verdict: Standardness;
  /** What other policies' verdicts follow from. */
  readonly measures: Measures;
  /** In satoshi; undefined if unknown. */
  readonly fee: number | undefined;
  /** When it came, on the monotonic clock, before it was decoded. */
  readonly receivedMs: number;
  /** When our own checks of it were done, on the same clock; undefined where these are a watched node's. */
  readonly judgedMs: number | undefined;
}

/** A replacement by fee. Amounts are in satoshi; undefined where one that they sum up is unknown. */
export interface Replacement {
  readonly txid: Hash;
  readonly fee: number | undefined;
  readonly vsize: number;
  /** The transactions that it conflicts with, in the order of its inputs, each once. */
  readonly replaced: readonly Hash[];
  /** How long the first of them had been in the view, in milliseconds. */
  readonly waitedMs: number;
  /** What left the view: those and their descendants. */
  readonly evicted: RemovedTree;
}

/** Transactions that left the view together. */
export interface RemovedTree {
  readonly transactions: number;
  /** In satoshi; undefined where the fee of one is unknown. */
  readonly fees: number | undefined;
  /** In vB. */
  readonly vsize: number;
}

/** The events of the relay view. Amounts are in satoshi, `size` in bytes, `vsize` in vB. */
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
    /** The known transaction that spends the output: the latest one in the view, or one in a block. */
    readonly conflictsWith: Hash;
    /** The output that both spend. */
    readonly prevTxid: Hash;
    readonly prevIndex: number;
    /** Undefined if unknown. */
    readonly fee: number | undefined;
    /** Fee of the other transaction; undefined if unknown. */
    readonly otherFee: number | undefined;
  };
  /**
   * A relayed transaction replaced others that spend one of the same outputs (BIP125). It is in the view
   * then, and they and their descendants have left it.
   */
  replacement: Replacement;
  /**
   * The relay policy was applied to a relayed transaction, at its first receipt, after the relay view took
   * it.
   */
  judged: JudgedTransaction;
  /**
   * A block was judged and looked through. It follows `processedBlock`, and comes before those events that
   * follow from the block for the best chain.
   */
  blockExamined: ExaminedBlock;
  /**
   * A reorganisation is over: what became of the transactions of the blocks that left the best chain, without
   * coinbases. They are in the view, in a block of the best chain, or in neither. Only the last 12 blocks of
   * the best chain are known.
   */
  reorganised: { readonly returned: number; readonly confirmed: number; readonly lost: number };
  /** A transaction left the view. */
  removed: { readonly txid: Hash; readonly reason: RemovalReason };
}
