import { columnNames, tagNames } from '../metrics/schema';
import { quote } from '../store/quote';
import type { Aggregate, Query } from './model';
import { type Plan, rolledBy, unitsOf } from './rolled-plan';
import { rolledGroups } from './rolled-sql';
import { aggregate, filter, groupKeys, groupNames, valueName } from './sql-parts';

/**
 * Compiles a query to DuckDB SQL. Points are time (nanoseconds, BIGINT), tags and columns, in ascending
 * order. Aggregates are the bucket's time (with `everyNs`), the values of `by` and the aggregate. They are
 * sorted and limited, except for what `finishSorted` does: dividing and rounding. Without a plan only points
 * are read.
 */
export function compileSql(query: Query, plan: Plan | null = null): string {
  return query.agg === null ? pointsSql(query) : aggregateSql(query, query.agg, plan);
}

function pointsSql(query: Query): string {
  const { series, limit } = query;
  const tags = tagNames(series).map(quote);
  const columns = [...tags, ...columnNames(series).map(quote)].join(', ');
  const ascending = ['"time"', ...tags].join(', ');
  // Nodes can have equal times. Sorting by the tags too makes the order, and what a limit cuts off, the same
  // everywhere.
  const descending = ['"time"', ...tags].map((name) => `${name} DESC`).join(', ');
  const points = `SELECT epoch_ns("time") AS "time", ${columns} FROM ${quote(series)} WHERE ${filter(query)}`;
  return limit === 0
    ? `SELECT * FROM (${points}) ORDER BY ${ascending}`
    : `SELECT * FROM (SELECT * FROM (${points}) ORDER BY ${descending} LIMIT ${limit}) ORDER BY ${ascending}`;
}

/**
 * Compiles queries that differ only in their aggregates (`shareKey`) to groups with the value of each; null
 * if there is none.
 */
export function compileTogether(query: Query, aggs: readonly Aggregate[], plan: Plan): string {
  return sorted(query, `${groupsOf(query, aggs, plan)} GROUP BY ALL`);
}

/** What queries must share so that one statement can answer them; null for a query that can't share. */
export function shareKey(query: Query): string | null {
  const { agg, limit, ...asked } = query;
  const kind = rolledBy(query);
  if (agg === null || limit !== 0 || kind === 'steps' || kind === 'spread') return null;
  return JSON.stringify([kind, unitsOf(query), asked], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

function aggregateSql(query: Query, agg: Aggregate, plan: Plan | null): string {
  const { everyNs, limit } = query;
  const having = `HAVING ${valueName(0)} ${agg.fn === 'count' ? '> 0' : 'IS NOT NULL'}`;
  const groups = `${groupsOf(query, [agg], plan)} GROUP BY ALL ${having}`;
  if (limit === 0) return sorted(query, groups);
  const keys = groupNames(query);
  if (keys.length === 0) return groups;
  const descending = `ORDER BY ${keys.map((key) => `${key} DESC NULLS LAST`).join(', ')}`;
  // The newest buckets are kept, and the first groups.
  return everyNs === null
    ? `${sorted(query, groups)} LIMIT ${limit}`
    : sorted(query, `SELECT * FROM (${groups}) ${descending} LIMIT ${limit}`);
}

function sorted(query: Query, groups: string): string {
  const keys = groupNames(query);
  if (keys.length === 0) return groups;
  return `SELECT * FROM (${groups}) ORDER BY ${keys.map((key) => `${key} ASC NULLS FIRST`).join(', ')}`;
}

function groupsOf(query: Query, aggs: readonly Aggregate[], plan: Plan | null): string {
  return plan !== null && plan.rolled.length > 0 ? rolledGroups(query, aggs, plan) : rawGroups(query, aggs);
}

function rawGroups(query: Query, aggs: readonly Aggregate[]): string {
  const column = aggs[0]?.column ?? '';
  const counter = rolledBy(query) === 'steps';
  const from = counter
    ? `(${increases(query, column)}) WHERE increase >= 0`
    : `${quote(query.series)} WHERE ${filter(query)}`;
  const values = aggs.map((agg, i) => `${aggregate(agg.fn, agg.column, counter)} AS ${valueName(i)}`);
  return `SELECT ${[...groupKeys(query), ...values].join(', ')} FROM ${from}`;
}

/**
 * The increases of a counter between consecutive points of a tag set; negative after a restart of the node.
 */
function increases(query: Query, column: string): string {
  const tags = tagNames(query.series).map(quote).join(', ');
  const name = quote(column);
  return `SELECT *, ${name} - lag(${name}) OVER (PARTITION BY ${tags} ORDER BY "time") AS increase FROM ${quote(query.series)} WHERE ${filter(query)} AND ${name} IS NOT NULL`;
}
