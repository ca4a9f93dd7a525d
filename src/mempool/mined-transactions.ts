import type { WaitingTransaction } from './waiting-transactions';

/** The part of what a block took that may pay less: what its miner prefers for other reasons than the fee. */
const PREFERRED = 0.05;

/**
 * The feerate in sat/vB that 95 % of the transactions, by their virtual size, pay at least; undefined if
 * there are none.
 */
export function leastRateOf(transactions: readonly WaitingTransaction[]): number | undefined {
  const ascending = [...transactions].sort((a, b) => a.rate - b.rate);
  let left = PREFERRED * ascending.reduce((sum, { vsize }) => sum + vsize, 0);
  return ascending.find(({ vsize }) => (left -= vsize) < 0)?.rate;
}
