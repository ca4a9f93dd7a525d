import { type SeriesName, tagNames } from '../metrics/schema';
import { quote } from './quote';
import { ROLLUP_NS, counterColumns, rollupColumns, rollupTable } from './rollup-columns';

/** From the first nanosecond to the one that is no longer meant. */
export interface Span {
  readonly from: bigint;
  readonly until: bigint;
}

const MINUTE = `make_timestamp_ns(epoch_ns("time") - epoch_ns("time") % ${ROLLUP_NS})`;

/** The statement that adds the points of a span, which begins and ends with a minute, to the rollup table of a series. */
export function rollUpSql(series: SeriesName, span: Span): string {
  const tags = tagNames(series).map(quote);
  const columns = rollupColumns(series).map(({ name, sql }) => `${sql} AS ${quote(name)}`);
  return `INSERT INTO ${quote(rollupTable(series))} BY NAME
    SELECT "minute" AS "time", ${[...tags, ...columns].join(', ')}
    FROM (${pointsSql(series, span)}) AS points GROUP BY ${['"minute"', ...tags].join(', ')}`;
}

/** `WHERE` and the condition that a time lies in a span. */
export function within({ from, until }: Span): string {
  return `WHERE "time" >= make_timestamp_ns(${from}) AND "time" < make_timestamp_ns(${until})`;
}

function pointsSql(series: SeriesName, span: Span): string {
  const points = `SELECT *, ${MINUTE} AS "minute" FROM ${quote(series)} ${within(span)}`;
  const counters = counterColumns(series);
  if (counters.length === 0) return points;
  const partition = ['"minute"', ...tagNames(series).map(quote)].join(', ');
  const growths = counters.map((name) => {
    const column = quote(name);
    return `${column} - lag(${column} IGNORE NULLS) OVER same_minute AS ${quote(`${name}_growth`)}`;
  });
  // A counter that shrank is that of a new run.
  const steps = counters.map((name) => {
    const growth = quote(`${name}_growth`);
    return `CASE WHEN ${growth} >= 0 THEN ${growth} END AS ${quote(`${name}_step`)}`;
  });
  return `SELECT *, ${steps.join(', ')} FROM (
    SELECT *, ${growths.join(', ')} FROM (${points}) WINDOW same_minute AS (PARTITION BY ${partition} ORDER BY "time"))`;
}
