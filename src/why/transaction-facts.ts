import type { RemovalReason } from '../mempool/mempool-events';
import type { Measures } from '../policy/measures';
import type { NonStandardReason } from '../policy/reasons';
import type { Hash } from '../wire/hash';

/** A transaction that came for the first time, and what was known of it then. Amounts are in satoshi. */
export interface ReceivedFact {
  readonly kind: 'received';
  /** On the monotonic clock, as all times here. */
  readonly timeMs: number;
  readonly txid: Hash;
  readonly wtxid: Hash;
  /** Number of the connection by which it came; null where that is not known. */
  readonly connection: number | null;
  readonly size: number;
  readonly vsize: number;
  readonly weight: number;
  readonly version: number;
  readonly numInputs: number;
  readonly numOutputs: number;
  /** Sum of its outputs. */
  readonly value: number;
  /** Null where it was not known. */
  readonly fee: number | null;
  /** Milliseconds from its receipt to the end of our own checks; null where that is not known. */
  readonly checkedAfterMs: number | null;
  /** Why the policy of this node does not relay it; null if it does. */
  readonly reason: NonStandardReason | null;
  /** What the rules of relay policies look at. */
  readonly measures: Measures;
}

/** What happened to a transaction after, or in place of, its receipt. */
export type LaterFact =
  | { readonly kind: 'fee'; readonly timeMs: number; readonly txid: Hash; readonly fee: number }
  | {
      readonly kind: 'removed';
      readonly timeMs: number;
      readonly txid: Hash;
      readonly reason: RemovalReason;
    }
  | {
      /** It and another transaction spend one output. */
      readonly kind: 'conflict';
      readonly timeMs: number;
      readonly txid: Hash;
      /** The other one, which was known before. */
      readonly other: Hash;
      readonly prevTxid: Hash;
      readonly prevIndex: number;
      readonly fee: number | null;
      readonly otherFee: number | null;
    }
  | {
      /** It came and was thrown away, because its sender had used up its budget. */
      readonly kind: 'shed';
      readonly timeMs: number;
      readonly txid: Hash;
      readonly connection: number;
    };

export type TransactionFact = ReceivedFact | LaterFact;
