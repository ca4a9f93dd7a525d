import { BAND_FLOORS, type FeeBands } from './fee-bands';

/**
 * The least feerates of the buckets of `mempool_fees` in sat/vB: some of those of mempool.space, as many as
 * fit into a datagram with two columns each, and 0.1 sat/vB, the least that nodes relay since Core 29.1.
 */
export const BUCKET_FLOORS = [
  0, 0.1, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 70, 100, 150, 200, 500,
] as const;

/** Feerates within a bin differ by no more than this factor, from 0.1 to 10,000 sat/vB. */
const STEP = 1.01;
const HIGHEST = 10_000;

/** The least feerates of the bins. Each bucket and each band is a row of whole bins. */
export const BIN_FLOORS: Float64Array = binFloors();

/** The bin of a feerate in sat/vB, which is at least 0. */
export function binOf(rate: number): number {
  return floorOf(BIN_FLOORS, rate);
}

/** Transactions by the feerate of their chunk. All numbers are whole. */
export class BinSums {
  /** Of each bin: fees in satoshi, virtual size in vB, transactions. */
  readonly fees = new Float64Array(BIN_FLOORS.length);
  readonly vsizes = new Float64Array(BIN_FLOORS.length);
  readonly counts = new Float64Array(BIN_FLOORS.length);
  /** The transactions whose fee is not known, and their virtual size. */
  unknown = 0;
  unknownVsize = 0;
  /** The transactions that pay less than their chunk, and their virtual size. */
  paidFor = 0;
  paidForVsize = 0;

  /** Adds or removes a transaction whose chunk has a feerate of a bin. */
  add(bin: number, fee: number, vsize: number, sign: 1 | -1): void {
    this.fees[bin] = (this.fees[bin] ?? 0) + sign * fee;
    this.vsizes[bin] = (this.vsizes[bin] ?? 0) + sign * vsize;
    this.counts[bin] = (this.counts[bin] ?? 0) + sign;
  }

  /** Adds or removes a transaction that pays less than its chunk. */
  addPaidFor(vsize: number, sign: 1 | -1): void {
    this.paidFor += sign;
    this.paidForVsize += sign * vsize;
  }

  /** Adds or removes a transaction whose fee is not known. */
  addUnknown(vsize: number, sign: 1 | -1): void {
    this.unknown += sign;
    this.unknownVsize += sign * vsize;
  }

  /** The sums of rows of bins: row i begins at the bin of `floors[i]`. */
  within(floors: readonly number[]): { readonly vsizes: number[]; readonly counts: number[] } {
    const vsizes = new Array<number>(floors.length).fill(0);
    const counts = new Array<number>(floors.length).fill(0);
    let row = 0;
    BIN_FLOORS.forEach((floor, bin) => {
      if (floor >= (floors[row + 1] ?? Infinity)) row += 1;
      vsizes[row] = (vsizes[row] ?? 0) + (this.vsizes[bin] ?? 0);
      counts[row] = (counts[row] ?? 0) + (this.counts[bin] ?? 0);
    });
    return { vsizes, counts };
  }

  /** The bands that the page shows. */
  bands(): FeeBands {
    const { vsizes, counts } = this.within(BAND_FLOORS);
    const transactions = counts.reduce((sum, count) => sum + count, this.unknown);
    return { transactions, vsizes, unknownVsize: this.unknownVsize };
  }
}

/** The floors of all bands and buckets, with floors between them at distances of `STEP`. */
function binFloors(): Float64Array {
  const wanted = [...new Set<number>([...BAND_FLOORS, ...BUCKET_FLOORS, HIGHEST])].sort((a, b) => a - b);
  const floors: number[] = [];
  wanted.forEach((floor, i) => {
    const next = wanted[i + 1];
    floors.push(floor);
    if (next === undefined || floor === 0) return;
    const steps = Math.ceil(Math.log(next / floor) / Math.log(STEP));
    for (let step = 1; step < steps; step++) floors.push(floor * (next / floor) ** (step / steps));
  });
  return Float64Array.from(floors);
}

/** The last of the ascending floors that is not above a feerate. */
function floorOf(floors: Float64Array, rate: number): number {
  let low = 0;
  let high = floors.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((floors[middle] ?? Infinity) <= rate) low = middle;
    else high = middle - 1;
  }
  return low;
}
