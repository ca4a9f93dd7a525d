import { columnNames, tagNames } from '../metrics/schema';
import { quote } from '../store/store';
import { isCounter } from './columns';
import type { Query } from './model';
import { rolledGroups } from './rolled-sql';
import { filter, groupKeys } from './sql-parts';

/** Percentiles by their names. */
export const PERCENTS: Readonly<Record<'p50' | 'p90' | 'p99', number>> = { p50: 50, p90: 90, p99: 99 };

/**
 * Compiles a query to DuckDB SQL. Points come as time (nanoseconds, BIGINT), tags, columns in ascending order; aggregates
 * as the bucket's time (with `everyNs`), the values of `by` and the aggregate: sorted and within the limit, but for
 * `finishSorted`, which divides and rounds. Of the time before `rawSince` it takes rollups, where that is given.
 */
export function compileSql(query: Query, rawSince: bigint | null = null): string {
  return query.agg === null ? pointsSql(query) : aggregateSql(query, query.agg, rawSince);
}

function pointsSql(query: Query): string {
  const { series, limit } = query;
  const tags = tagNames(series).map(quote);
  const columns = [...tags, ...columnNames(series).map(quote)].join(', ');
  const ascending = ['"time"', ...tags].join(', ');
  // Times repeat between nodes; the tags make the order, and so what a limit cuts off, the same everywhere.
  const descending = ['"time"', ...tags].map((name) => `${name} DESC`).join(', ');
  const points = `SELECT epoch_ns("time") AS "time", ${columns} FROM ${quote(series)} WHERE ${filter(query)}`;
  return limit === 0
    ? `SELECT * FROM (${points}) ORDER BY ${ascending}`
    : `SELECT * FROM (SELECT * FROM (${points}) ORDER BY ${descending} LIMIT ${limit}) ORDER BY ${ascending}`;
}

function aggregateSql(query: Query, agg: NonNullable<Query['agg']>, rawSince: bigint | null): string {
  const { by, everyNs, limit } = query;
  const selected = rawSince === null ? rawGroups(query, agg) : rolledGroups(query, agg, rawSince);
  const groups = `${selected} GROUP BY ALL HAVING aggregate_of_group ${agg.fn === 'count' ? '> 0' : 'IS NOT NULL'}`;
  const keys = [...(everyNs === null ? [] : ['"time"']), ...by.map(quote)];
  if (keys.length === 0) return groups;
  const ascending = `ORDER BY ${keys.map((key) => `${key} ASC NULLS FIRST`).join(', ')}`;
  const descending = `ORDER BY ${keys.map((key) => `${key} DESC NULLS LAST`).join(', ')}`;
  if (limit === 0) return `SELECT * FROM (${groups}) ${ascending}`;
  // Of buckets the newest stay, of groups the first.
  return everyNs === null
    ? `SELECT * FROM (${groups}) ${ascending} LIMIT ${limit}`
    : `SELECT * FROM (SELECT * FROM (${groups}) ${descending} LIMIT ${limit}) ${ascending}`;
}

function rawGroups(query: Query, agg: NonNullable<Query['agg']>): string {
  const { series } = query;
  const column = agg.column === null ? null : quote(agg.column);
  const counter = agg.column !== null && isCounter(series, agg.column);
  const from =
    agg.fn === 'rate' && agg.column !== null && counter
      ? `(${increases(query, agg.column)}) WHERE increase >= 0`
      : `${quote(series)} WHERE ${filter(query)}`;
  const value = aggregate(agg.fn, column, counter);
  return `SELECT ${[...groupKeys(query), `${value} AS aggregate_of_group`].join(', ')} FROM ${from}`;
}

function aggregate(fn: NonNullable<Query['agg']>['fn'], column: string | null, counter: boolean): string {
  if (column === null) return 'count(*)';
  switch (fn) {
    case 'count':
      return `count(${column})`;
    case 'sum':
    case 'min':
    case 'max':
      return `${fn}(${column})`;
    case 'mean':
      return `avg(${column})`;
    case 'stddev':
      return `stddev_samp(${column})`;
    case 'mode':
      // Of equally frequent values it takes the first that it meets.
      return `mode(${column} ORDER BY ${column})`;
    case 'p50':
    case 'p90':
    case 'p99':
      // The rank that InfluxQL's PERCENTILE takes, by the same steps in doubles.
      return `list_sort(list(${column}) FILTER (${column} IS NOT NULL))[CAST(floor(CAST(count(${column}) AS DOUBLE) * ${PERCENTS[fn]}::DOUBLE / 100::DOUBLE + 0.5::DOUBLE) AS BIGINT)]`;
    case 'rate':
      return counter ? 'sum(increase)' : `sum(${column})`;
  }
}

/** The steps of a counter between neighbouring points of a tag set; below 0 where the node was started again. */
function increases(query: Query, column: string): string {
  const tags = tagNames(query.series).map(quote).join(', ');
  const name = quote(column);
  return `SELECT *, ${name} - lag(${name}) OVER (PARTITION BY ${tags} ORDER BY "time") AS increase FROM ${quote(query.series)} WHERE ${filter(query)} AND ${name} IS NOT NULL`;
}
