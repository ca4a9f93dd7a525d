import { quantile } from '../lib/quantile';
import type { HeldBlock } from './examined-block';
import type { WaitingTransaction } from './waiting-transactions';

/** A block, compared with what the relay view would have put into it. */
export interface BlockAudit {
  /** The block of the relay view: transactions, and their fees in satoshi. */
  readonly templateNumTx: number;
  readonly templateFees: number;
  /** Of these, what the block contains. */
  readonly sharedNumTx: number;
  readonly sharedFees: number;
  /** Of these, what it does not contain. */
  readonly missingNumTx: number;
  /** How long these had waited, in milliseconds, median; undefined if there are none. */
  readonly missingAgeMs: number | undefined;
  /** Transactions of the block that waited, and for which the template has no room, as others pay more. */
  readonly prioritisedNumTx: number;
  /** Transactions of the block that waited and pay less than the policy relays. */
  readonly belowMinNumTx: number;
}

/**
 * Compares a block with the template of its moment.
 * @param leastRelayed the least feerate that is relayed, in sat/vB
 * @param nowMs on the monotonic clock
 */
export function auditBlock(
  { template, waited }: Pick<HeldBlock, 'template' | 'waited'>,
  { leastRelayed, nowMs }: { readonly leastRelayed: number; readonly nowMs: number },
): BlockAudit {
  const mined = new Set(waited.map(({ slot }) => slot));
  const shared = template.filter(({ slot }) => mined.has(slot));
  const missing = template.filter(({ slot }) => !mined.has(slot));
  const wanted = new Set(template.map(({ slot }) => slot));
  return {
    templateNumTx: template.length,
    templateFees: feesOf(template),
    sharedNumTx: shared.length,
    sharedFees: feesOf(shared),
    missingNumTx: missing.length,
    missingAgeMs: medianOf(missing.map(({ arrivedMs }) => nowMs - arrivedMs)),
    prioritisedNumTx: waited.filter(({ slot }) => !wanted.has(slot)).length,
    belowMinNumTx: waited.filter(({ rate }) => rate < leastRelayed).length,
  };
}

function feesOf(transactions: readonly WaitingTransaction[]): number {
  return transactions.reduce((sum, { fee }) => sum + fee, 0);
}

function medianOf(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : quantile(
        [...values].sort((a, b) => a - b),
        0.5,
      );
}
