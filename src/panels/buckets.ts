import type { AggregateName } from '../query/model';
import type { Period } from '../query/time';
import type { Panel } from './panel';

const SECOND_NS = 1_000_000_000n;

/** Lengths of buckets in seconds that people read easily; each divides the day and most divide the next. */
const LADDER_S: readonly number[] = [5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];

/** Buckets that a plot has room for. */
const MOST_BUCKETS = 240n;

/** What can't be made of the sums of shorter buckets: an embedded store keeps it by the hour. */
const WHOLE: ReadonlySet<AggregateName> = new Set(['p50', 'p90', 'p99', 'mode']);

/** The longest range of which these are taken from the points themselves, in buckets shorter than an hour. */
const WHOLE_FROM_POINTS_NS = 6n * 3_600n * SECOND_NS;

const HOUR_NS = 3_600n * SECOND_NS;

/**
 * Length in nanoseconds of the buckets in which a panel shows a range of time: as short as it may be with at most 240 of them. Null for a
 * panel without buckets. Percentiles and modes of a long range have buckets of an hour, also where those are more.
 */
export function bucketFor({ shortestBucketS, lines }: Panel, { since, until }: Period): bigint | null {
  if (shortestBucketS === null) return null;
  const range = until - since;
  const least = BigInt(shortestBucketS) * SECOND_NS;
  const lengths = LADDER_S.map((seconds) => BigInt(seconds) * SECOND_NS).filter((length) => length >= least);
  const whole = lines.some(({ agg }) => WHOLE.has(agg.fn));
  if (whole && range > WHOLE_FROM_POINTS_NS) return HOUR_NS;
  return lengths.find((length) => range <= length * MOST_BUCKETS) ?? lengths.at(-1) ?? least;
}
