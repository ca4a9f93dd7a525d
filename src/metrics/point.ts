import type { SeriesName } from './schema';

/** The value of one column. `undefined` means not known: the column is left out wherever the point is written. */
export type FieldValue = number | boolean | string | undefined;

/** One point of a series, ready to be written. */
export interface Point {
  readonly series: SeriesName;
  /** Nanoseconds since the Unix epoch; no two points of a run have the same. */
  readonly time: bigint;
  /** All tags, `node` and `network` among them. Points share one object per tag set. */
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Set where an earlier delivery may have stored this point already: whoever keeps both of two points must look. */
  readonly mayBeStored?: true;
}
