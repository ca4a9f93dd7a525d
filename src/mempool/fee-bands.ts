/**
 * The least feerates of the bands in sat/vB. They are so close that an estimate from them is off by a fifth
 * at most. 0.1 sat/vB is the least that nodes relay since Core 29.1.
 */
export const BAND_FLOORS: readonly number[] = [
  ...[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 25],
  ...[30, 35, 40, 50, 60, 75, 100, 125, 150, 200, 250, 300, 400, 500, 750, 1_000],
];

/** The mempool by the feerate of its chunks. */
export interface FeeBands {
  readonly transactions: number;
  /** Virtual size of each band, in the order of `BAND_FLOORS`. */
  readonly vsizes: readonly number[];
  /** Virtual size of the transactions whose fee is not known. */
  readonly unknownVsize: number;
}
