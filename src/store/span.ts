import { ROLLUPS, type RollupUnit } from './rollup-columns';

/** From the first nanosecond to the one that is no longer meant. */
export interface Span {
  readonly from: bigint;
  readonly until: bigint;
}

/** The begin of the minute or hour that a time lies in. */
export function beginOf(unit: RollupUnit, time: bigint): bigint {
  return time - (time % ROLLUPS[unit].ns);
}

/** The same of the column `time`, in SQL. */
export function bucketSql(unit: RollupUnit): string {
  return `make_timestamp_ns(epoch_ns("time") - epoch_ns("time") % ${ROLLUPS[unit].ns})`;
}

/** `WHERE` and the condition that a time lies in a span. */
export function within({ from, until }: Span): string {
  return `WHERE "time" >= make_timestamp_ns(${from}) AND "time" < make_timestamp_ns(${until})`;
}
