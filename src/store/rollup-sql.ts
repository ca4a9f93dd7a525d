import { type SeriesName, tagNames } from '../metrics/schema';
import { quote } from './quote';
import { type RollupUnit, counterColumns, rollupColumns, rollupTable } from './rollup-columns';
import { type TimeRange, bucketSql, whereTime } from './time-range';

/**
 * The statement that adds the points of a range, which begins and ends with a bucket, to a rollup table of a
 * series.
 */
export function rollUpSql(series: SeriesName, unit: RollupUnit, range: TimeRange): string {
  const tags = tagNames(series).map(quote);
  const columns = rollupColumns(series, unit).map(({ name, sql }) => `${sql} AS ${quote(name)}`);
  return `INSERT INTO ${quote(rollupTable(series, unit))} BY NAME
    SELECT "bucket" AS "time", ${[...tags, ...columns].join(', ')}
    FROM (${pointsSql(series, unit, range)}) AS points GROUP BY ${['"bucket"', ...tags].join(', ')}`;
}

function pointsSql(series: SeriesName, unit: RollupUnit, range: TimeRange): string {
  const points = `SELECT *, ${bucketSql(unit)} AS "bucket" FROM ${quote(series)} ${whereTime(range)}`;
  const counters = counterColumns(series);
  if (counters.length === 0) return points;
  const partition = ['"bucket"', ...tagNames(series).map(quote)].join(', ');
  const growths = counters.map((name) => {
    const column = quote(name);
    return `${column} - lag(${column} IGNORE NULLS) OVER same_bucket AS ${quote(`${name}_growth`)}`;
  });
  // A counter that shrank belongs to a new run.
  const steps = counters.map((name) => {
    const growth = quote(`${name}_growth`);
    return `CASE WHEN ${growth} >= 0 THEN ${growth} END AS ${quote(`${name}_step`)}`;
  });
  return `SELECT *, ${steps.join(', ')} FROM (
    SELECT *, ${growths.join(', ')} FROM (${points}) WINDOW same_bucket AS (PARTITION BY ${partition} ORDER BY "time"))`;
}
