import { columnNames, seriesOf, tagNames } from '../metrics/schema';
import { fieldOf, isCounter } from './columns';
import type { AggregateName, Query } from './model';
import { percentOf } from '../store/rank-sql';
import type { Where } from './where';

const CASTS = { int: 'integer', float: 'float', bool: 'boolean', string: 'string' } as const;

/**
 * Whether InfluxQL can compute an aggregate: it only groups by tags, its mode is an arbitrary one of equally
 * frequent values, and where a percentile below p50 has rank 0 in one group, InfluxDB 1.6 leaves out all
 * groups after it.
 */
export function aggregatesInServer(query: Query): boolean {
  const percent = percentOf(query.agg?.fn ?? '') ?? 50;
  return (
    percent >= 50 &&
    query.agg?.fn !== 'mode' &&
    query.by.every((name) => fieldOf(query.series, name) === undefined)
  );
}

/** Every tag and column of a series, in the order of an answer. */
export function pointColumns({ series }: Query): readonly string[] {
  return [...tagNames(series), ...columnNames(series)];
}

/**
 * The tags and columns that `grouping.ts` needs to answer a query: those that it groups and aggregates; all
 * tags if differences are taken within a tag set; and the anchors, because InfluxDB omits a point that has
 * none of the selected columns.
 */
export function neededColumns(query: Query): readonly string[] {
  const { series, by, agg } = query;
  const column = agg?.column ?? null;
  const tags = column !== null && isCounter(series, column) ? tagNames(series) : [];
  return [...new Set([...tags, ...by, ...(column === null ? [] : [column]), ...seriesOf(series).anchors])];
}

/** Compiles the points of a query: ascending in time, or the `newest` most recent ones, newest first. */
export function compilePoints(query: Query, columns: readonly string[], newest: number): string {
  const order = newest === 0 ? 'ORDER BY time ASC' : `ORDER BY time DESC LIMIT ${newest}`;
  const list = columns.map((name) => reference(query, name)).join(', ');
  return `SELECT ${list} FROM ${quoted(query.series)} WHERE ${filter(query)} ${order}`;
}

/**
 * Compiles an aggregate that groups by tags. Without a column it counts each anchor, and the counts must be
 * added.
 */
export function compileAggregate(query: Query): string {
  const { by, everyNs } = query;
  const dimensions = [...(everyNs === null ? [] : [`time(${everyNs / 1_000_000n}ms)`]), ...by.map(quoted)];
  const groups = dimensions.length === 0 ? '' : ` GROUP BY ${dimensions.join(', ')} fill(none)`;
  const source = aggregateSource(query, filter(query), range(query));
  return `SELECT ${aggregateFields(query).join(', ')} FROM ${source}${groups}`;
}

/**
 * The selected fields of an aggregate. For a rate this is the sum that must still be divided; without a
 * column, the count of each anchor.
 */
export function aggregateFields(query: Query): readonly string[] {
  const { series, agg } = query;
  const column = agg?.column ?? null;
  if (agg === null || column === null)
    return seriesOf(series).anchors.map((anchor) => `count(${reference(query, anchor)})`);
  if (agg.fn === 'rate' && isCounter(series, column)) return ['sum("increase")'];
  return [aggregate(agg.fn, reference(query, column))];
}

/**
 * The source of an aggregate with its conditions. `filter` is the whole condition on the points, `range` the
 * part about their time.
 */
export function aggregateSource(query: Query, filter: string, range: string): string {
  const { series, agg } = query;
  const column = agg?.column ?? null;
  const points = `${quoted(series)} WHERE ${filter}`;
  if (agg?.fn !== 'rate' || column === null || !isCounter(series, column)) return points;
  return `(SELECT non_negative_difference(${reference(query, column)}) AS "increase" FROM ${points} GROUP BY *) WHERE ${range}`;
}

/** An InfluxQL identifier. */
export function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

function aggregate(fn: AggregateName, column: string): string {
  switch (fn) {
    case 'count':
    case 'sum':
    case 'mean':
    case 'min':
    case 'max':
    case 'stddev':
    case 'mode':
      return `${fn}(${column})`;
    case 'rate':
      return `sum(${column})`;
    default:
      return `percentile(${column}, ${percentOf(fn) ?? 50})`;
  }
}

/**
 * A name with its type. Without the type InfluxDB treats a column that a shard has never seen as a tag with
 * the value ''.
 */
function reference({ series }: Query, name: string): string {
  const field = fieldOf(series, name);
  return `${quoted(name)}::${field === undefined ? 'tag' : CASTS[field.type]}`;
}

function filter(query: Query): string {
  return query.where === null ? range(query) : `${range(query)} AND ${condition(query, query.where)}`;
}

function range({ since, until }: Query): string {
  return `time >= ${since} AND time < ${until}`;
}

/** A condition on points. */
export function condition(query: Query, where: Where): string {
  if (where.kind === 'compare') {
    const name = reference(query, where.column);
    const comparison = `${name} ${where.op} ${literal(where.value)}`;
    // InfluxDB 1.8 treats a missing flag as false. A missing value does not even equal itself, which excludes
    // it.
    return typeof where.value === 'boolean' ? `(${comparison} AND ${name} = ${name})` : comparison;
  }
  return `(${where.terms.map((term) => condition(query, term)).join(where.kind === 'and' ? ' AND ' : ' OR ')})`;
}

function literal(value: string | number | boolean): string {
  if (typeof value === 'string') return `'${value.replace(/['\\]/g, '\\$&').replaceAll('\n', '\\n')}'`;
  if (typeof value === 'boolean' || Number.isInteger(value)) return String(value);
  // The language has no exponents; 100 digits are enough for any value in a condition on a column.
  return value.toFixed(100).replace(/0+$/, '0');
}
