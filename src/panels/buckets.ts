import type { AggregateName } from '../query/model';
import type { Period } from '../query/time';
import type { Panel } from './panel';

const SECOND_NS = 1_000_000_000n;

/** Bucket lengths in seconds that people read easily. Each divides the day, and most divide the next. */
const LADDER_S: readonly number[] = [5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];

/** Most buckets that a plot can show. */
const MOST_BUCKETS = 240n;

/** Aggregates that can't be computed from shorter buckets; an embedded store keeps them by the hour. */
const WHOLE: ReadonlySet<AggregateName> = new Set(['p50', 'p90', 'p99', 'mode']);

/**
 * The longest range whose percentiles and modes are computed from points, in buckets shorter than an hour.
 */
const WHOLE_FROM_POINTS_NS = 6n * 3_600n * SECOND_NS;

const HOUR_NS = 3_600n * SECOND_NS;

/**
 * Length in nanoseconds of a panel's buckets for a period: the shortest that needs at most 240 of them. Null
 * for a panel without buckets. For a long range, percentiles and modes have buckets of an hour, even if there
 * are more of them.
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
