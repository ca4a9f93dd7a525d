import { quote } from '../store/quote';
import { modeSql, percentOf, percentileSql } from '../store/rank-sql';
import type { AggregateName, Query } from './model';
import type { Where } from './where';

/** The group keys of a query in SQL: the start of the bucket, then the values of `by`. */
export function groupKeys({ by, everyNs }: Query): readonly string[] {
  const bucket =
    everyNs === null ? [] : [`epoch_ns("time") - epoch_ns("time") % CAST(${everyNs} AS BIGINT) AS "time"`];
  return [...bucket, ...by.map(quote)];
}

/** The names of the group keys in the answer. */
export function groupNames({ by, everyNs }: Query): readonly string[] {
  return [...(everyNs === null ? [] : ['"time"']), ...by.map(quote)];
}

/** The name of the value of an aggregate in a statement. */
export function valueName(index: number): string {
  return index === 0 ? 'aggregate_of_group' : `aggregate_of_group_${index}`;
}

/** An aggregate of points in SQL. A counter's rate is computed from its `increase`. */
export function aggregate(fn: AggregateName, name: string | null, counter: boolean): string {
  if (name === null) return 'count(*)';
  const column = quote(name);
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
      return modeSql(name);
    case 'rate':
      return counter ? 'sum(increase)' : `sum(${column})`;
    default:
      return percentileSql(name, percentOf(fn) ?? 50);
  }
}

/** The condition of a query, including the time range. */
export function filter({ since, until, where }: Query): string {
  const range = `"time" >= make_timestamp_ns(${since}) AND "time" < make_timestamp_ns(${until})`;
  return where === null ? range : `${range} AND ${condition(where)}`;
}

function condition(where: Where): string {
  if (where.kind === 'compare') return `${quote(where.column)} ${where.op} ${literal(where.value)}`;
  return `(${where.terms.map(condition).join(where.kind === 'and' ? ' AND ' : ' OR ')})`;
}

function literal(value: string | number | boolean): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  // A bare 0.1 would be a DECIMAL.
  return typeof value === 'number' && !Number.isInteger(value) ? `CAST('${value}' AS DOUBLE)` : String(value);
}
