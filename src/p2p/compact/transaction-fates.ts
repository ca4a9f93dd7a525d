import type { Transaction } from '../../wire/transaction';

/**
 * Why a compact block could not be rebuilt without a transaction:
 * `unseen` - it was never relayed to us;
 * `nonstandard` - the same, and our policy calls it non-standard: peers with that policy do not relay it;
 * `replaced` - another transaction that spends one of the same outputs took its place, or kept it out;
 * `evicted` - it waited too long, or the relay view was full;
 * `other` - it was relayed with another witness, or left for another reason.
 */
export type MissingKind = 'unseen' | 'nonstandard' | 'replaced' | 'evicted' | 'other';

/** How many transactions were missing, by the reason. */
export type MissingCounts = Readonly<Record<MissingKind, number>>;

/** What the relay view knows of the transactions of a block. */
export interface TransactionFates {
  /** Whether the transaction, with this witness, is among those from which blocks are rebuilt. */
  isKept(transaction: Transaction): boolean;
  /** Why it is missing, if it is. */
  whyMissing(transaction: Transaction): MissingKind;
}

/** Counts missing transactions by the reason. */
export function countMissing(transactions: readonly Transaction[], fates: TransactionFates): MissingCounts {
  const counts = { unseen: 0, nonstandard: 0, replaced: 0, evicted: 0, other: 0 };
  for (const transaction of transactions) counts[fates.whyMissing(transaction)] += 1;
  return counts;
}
