import { ROLLUPS, type RollupUnit } from './rollup-columns';

/** A range of time: from its first nanosecond to the first one after it. */
export interface TimeRange {
  readonly from: bigint;
  readonly until: bigint;
}

/** The begin of the minute or hour that a time lies in. */
export function beginOf(unit: RollupUnit, time: bigint): bigint {
  return time - (time % ROLLUPS[unit].ns);
}

/** The begin of the bucket that the column `time` lies in, in SQL. */
export function bucketSql(unit: RollupUnit): string {
  return `make_timestamp_ns(epoch_ns("time") - epoch_ns("time") % ${ROLLUPS[unit].ns})`;
}

/** The `WHERE` clause for times in a range. */
export function whereTime({ from, until }: TimeRange): string {
  return `WHERE "time" >= make_timestamp_ns(${from}) AND "time" < make_timestamp_ns(${until})`;
}

/**
 * The ranges that cover the times, each from the first of its times to just after the last. A new one begins
 * after an hour without any, so there are at most as many as times, however far these lie apart.
 */
export function rangesOf(times: readonly bigint[]): TimeRange[] {
  const hour = ROLLUPS.hour.ns;
  const sorted = BigInt64Array.from(times).sort();
  const ranges: { from: bigint; until: bigint }[] = [];
  let reached: bigint | undefined;
  for (const time of sorted) {
    const last = ranges.at(-1);
    const begin = beginOf('hour', time);
    if (last !== undefined && reached !== undefined && begin - reached <= hour) last.until = time + 1n;
    else ranges.push({ from: time, until: time + 1n });
    reached = begin;
  }
  return ranges;
}
