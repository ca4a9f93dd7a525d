/** A transaction that waits, and the txids of its parents. */
export interface NaiveTransaction {
  readonly txid: string;
  readonly fee: number;
  readonly vsize: number;
  readonly parents: readonly string[];
}

/** The feerate of the chunk of each transaction, from nothing but the list of all of them. */
export function naiveRates(all: readonly NaiveTransaction[]): Map<string, number> {
  const rates = new Map<string, number>();
  for (const cluster of clusters(all)) {
    const rows: NaiveTransaction[][] = [];
    let left = [...cluster];
    while (left.length > 0) {
      const sets = left.map((transaction) => withAncestors(transaction, left));
      const best = sets.reduce((one, other) => (rateOf(other) > rateOf(one) ? other : one));
      left = left.filter((transaction) => !best.includes(transaction));
      // One at a time, parents first.
      while (best.length > 0) {
        const next = best.findIndex(({ parents }) => !best.some(({ txid }) => parents.includes(txid)));
        rows.push(best.splice(next, 1));
      }
    }
    for (let i = 1; i < rows.length; i++)
      if (rateOf(rows[i] ?? []) > rateOf(rows[i - 1] ?? [])) {
        rows.splice(i - 1, 2, [...(rows[i - 1] ?? []), ...(rows[i] ?? [])]);
        i = Math.max(0, i - 2);
      }
    for (const row of rows) for (const { txid } of row) rates.set(txid, rateOf(row));
  }
  return rates;
}

function rateOf(transactions: readonly NaiveTransaction[]): number {
  const sum = (of: 'fee' | 'vsize'): number => transactions.reduce((total, one) => total + one[of], 0);
  return sum('fee') / sum('vsize');
}

function withAncestors(transaction: NaiveTransaction, all: readonly NaiveTransaction[]): NaiveTransaction[] {
  const found = [transaction];
  for (const { parents } of found)
    for (const other of all) if (parents.includes(other.txid) && !found.includes(other)) found.push(other);
  return found;
}

function clusters(all: readonly NaiveTransaction[]): NaiveTransaction[][] {
  const found: NaiveTransaction[][] = [];
  const areLinked = (one: NaiveTransaction, other: NaiveTransaction): boolean =>
    one.parents.includes(other.txid) || other.parents.includes(one.txid);
  for (const transaction of all) {
    if (found.some((cluster) => cluster.includes(transaction))) continue;
    const cluster = [transaction];
    for (const member of cluster)
      for (const other of all) if (areLinked(member, other) && !cluster.includes(other)) cluster.push(other);
    found.push(cluster);
  }
  return found;
}
