/**
 * The least feerates of the bands in sat/vB. They are so close that an estimate from them is off by a fifth
 * at most. 0.1 sat/vB is the least that nodes relay since Core 29.1.
 */
export const BAND_FLOORS: readonly number[] = [
  ...[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 25],
  ...[30, 35, 40, 50, 60, 75, 100, 125, 150, 200, 250, 300, 400, 500, 750, 1_000],
];

/** The mempool by feerate. */
export interface FeeBands {
  readonly transactions: number;
  /** Virtual size of each band, in the order of `BAND_FLOORS`. */
  readonly vsizes: readonly number[];
  /** Virtual size of the transactions whose fee is not known. */
  readonly unknownVsize: number;
}

/** Adds up transactions by their feerate. */
export class FeeBandSum {
  private readonly vsizes = new Array<number>(BAND_FLOORS.length).fill(0);
  private unknownVsize = 0;
  private transactions = 0;

  /** @param fee in satoshi; undefined if unknown */
  add(fee: number | undefined, vsize: number): void {
    this.transactions += 1;
    if (fee === undefined) {
      this.unknownVsize += vsize;
      return;
    }
    const band = bandOf(fee / vsize);
    this.vsizes[band] = (this.vsizes[band] ?? 0) + vsize;
  }

  get(): FeeBands {
    const { transactions, vsizes, unknownVsize } = this;
    return { transactions, vsizes, unknownVsize };
  }
}

/** The band of a feerate. */
function bandOf(rate: number): number {
  let low = 0;
  let high = BAND_FLOORS.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((BAND_FLOORS[middle] ?? Infinity) <= rate) low = middle;
    else high = middle - 1;
  }
  return low;
}
