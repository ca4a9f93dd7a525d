import { ROLLUPS, type RollupUnit } from './rollup-columns';

/** From the first nanosecond to the one that is no longer meant. */
export interface TimeRange {
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
export function whereTime({ from, until }: TimeRange): string {
  return `WHERE "time" >= make_timestamp_ns(${from}) AND "time" < make_timestamp_ns(${until})`;
}

/**
 * The spans of hours, each from its first time to behind its last, that some of the times lie in; hours that
 * follow each other are one. So many as there are times at most, however far they lie apart.
 */
export function rangesOf(times: readonly bigint[]): TimeRange[] {
  const hour = ROLLUPS.hour.ns;
  const sorted = BigInt64Array.from(times).sort();
  const spans: { from: bigint; until: bigint }[] = [];
  let reached: bigint | undefined;
  for (const time of sorted) {
    const last = spans.at(-1);
    const begin = beginOf('hour', time);
    if (last !== undefined && reached !== undefined && begin - reached <= hour) last.until = time + 1n;
    else spans.push({ from: time, until: time + 1n });
    reached = begin;
  }
  return spans;
}
