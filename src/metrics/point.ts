import type { SeriesName } from './schema';

/**
 * The value of one column. `undefined` means unknown: the column is left out wherever the point is written.
 */
export type FieldValue = number | boolean | string | undefined;

/** One point of a series, ready to be written. */
export interface Point {
  readonly series: SeriesName;
  /** Nanoseconds since the Unix epoch; no two points of a run have the same. */
  readonly time: bigint;
  /** All tags, including `node` and `network`. Points share one object per tag set. */
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, FieldValue>>;
  /**
   * Set if an earlier delivery may have stored this point already. A receiver that would keep duplicates must
   * check.
   */
  readonly mayBeStored?: true;
}
