import { BUCKET_FLOORS } from '../mempool/feerate-bins';

type Floor = (typeof BUCKET_FLOORS)[number];
type Undotted<T extends string> = T extends `${infer A}.${infer B}` ? `${A}_${B}` : T;
type FloorName = Undotted<`${Floor}`>;

/** The names of the columns of a bucket: `num_tx_0_1` is the bucket from 0.1 sat/vB on. */
export type BucketColumn = `num_tx_${FloorName}` | `vsize_${FloorName}`;

/** A bucket of `mempool_fees`. */
export interface FeeBucket {
  /** What is in it, for people: `1 to 2`. */
  readonly range: string;
  readonly numTx: BucketColumn;
  readonly vsize: BucketColumn;
}

/** The buckets, the lowest first. */
export const FEE_BUCKETS: readonly FeeBucket[] = BUCKET_FLOORS.map((floor, i) => {
  const next = BUCKET_FLOORS[i + 1];
  const name = String(floor).replace('.', '_') as FloorName;
  return {
    range: next === undefined ? `${floor} and more` : `${floor} to ${next}`,
    numTx: `num_tx_${name}`,
    vsize: `vsize_${name}`,
  };
});
