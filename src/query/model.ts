import { UsageError } from '../lib/errors';
import { SERIES_NAMES, type SeriesName, columnNames, isSeries } from '../metrics/schema';
import { suggestion } from '../lib/nearest';
import { percentOf } from '../store/rank-sql';
import { fieldOf, lookUp } from './columns';
import { type Period, formatNs, parseDuration, parsePeriod } from './time';
import { type Where, formatWhere, parseWhere } from './where';

/**
 * The aggregates. stddev is the sample standard deviation; a single value has none. mode is the most frequent
 * value, and the smallest of equally frequent ones. p50, p90 and p99 are nearest-rank percentiles, which an
 * embedded store keeps by the hour; the others from p1 to p99 are computed from points alone. rate is per
 * second.
 */
export const AGGREGATES = [
  'count',
  'sum',
  'mean',
  'stddev',
  'mode',
  'min',
  'max',
  'p50',
  'p90',
  'p99',
  'rate',
] as const;

export type AggregateName = (typeof AGGREGATES)[number] | `p${number}`;

/** What is computed from the points of a bucket and group. */
export interface Aggregate {
  readonly fn: AggregateName;
  /** Null counts the points. */
  readonly column: string | null;
}

/**
 * A query to a store, checked against the schema. It is compiled to both languages, and both stores give the
 * same answer.
 */
export interface Query extends Period {
  readonly series: SeriesName;
  readonly where: Where | null;
  /** What is computed from the points; null returns the points themselves. */
  readonly agg: Aggregate | null;
  /** Tags and columns to group by. */
  readonly by: readonly string[];
  /**
   * Length of a bucket in nanoseconds; buckets are aligned to the epoch. Null: one bucket for the whole
   * range.
   */
  readonly everyNs: bigint | null;
  /** Most rows in the answer, 0 for all: the newest points or buckets, or the first groups. */
  readonly limit: number;
}

/** A query as text, as on the command line. */
export interface QueryArgs {
  readonly series: string;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly where?: string | undefined;
  /** The aggregate, and the column if it needs one: `['mean', 'size']`. */
  readonly agg?: readonly string[] | undefined;
  readonly by?: readonly string[] | undefined;
  readonly every?: string | undefined;
  readonly limit?: string | number | undefined;
}

/**
 * Parses a query; relative times count from `nowNs`. Without `since` it covers the last hour.
 * @throws UsageError naming the option, the value and what would be right
 */
export function parseQuery(args: QueryArgs, nowNs: bigint): Query {
  const { series } = args;
  if (!isSeries(series)) {
    const hint = suggestion(series, SERIES_NAMES);
    throw new UsageError(
      `there is no series ${series}${hint === '' ? `; there are ${SERIES_NAMES.join(', ')}` : hint}`,
    );
  }
  const { since, until } = parsePeriod({ since: args.since ?? '1h', until: args.until }, nowNs);
  const agg = args.agg === undefined || args.agg.length === 0 ? null : parseAggregate(series, args.agg);
  const by = parseBy(series, args.by ?? []);
  if (agg === null && by.length > 0)
    throw new UsageError('--by makes groups for --agg; add one, such as --agg count');
  if (agg === null && args.every !== undefined)
    throw new UsageError('--every makes buckets for --agg; add one, such as --agg count');
  return {
    series,
    since,
    until,
    where: args.where === undefined ? null : parseWhere(series, args.where),
    agg,
    by,
    everyNs: args.every === undefined ? null : parseDuration('--every', args.every),
    limit: parseLimit(args.limit ?? 0),
  };
}

/** The text of a query; `parseQuery` reads it back to the same query at any time. */
export function formatQuery(query: Query): QueryArgs {
  return {
    series: query.series,
    since: formatNs(query.since),
    until: formatNs(query.until),
    where: query.where === null ? undefined : formatWhere(query.where),
    agg:
      query.agg === null
        ? undefined
        : [query.agg.fn, ...(query.agg.column === null ? [] : [query.agg.column])],
    by: query.by,
    every: query.everyNs === null ? undefined : `${query.everyNs / 1_000_000n}ms`,
    limit: query.limit,
  };
}

function parseAggregate(series: SeriesName, words: readonly string[]): Query['agg'] {
  const [name = '', columnName, ...more] = words;
  const fn = aggregateOf(name.toLowerCase());
  if (fn === null)
    throw new UsageError(
      `--agg ${name}: there is no such aggregate; use one of ${AGGREGATES.join(', ')}, or another percentile from p1 to p99`,
    );
  if (more.length > 0)
    throw new UsageError(`--agg ${words.join(' ')}: takes one aggregate and at most one column`);
  if (columnName === undefined) {
    if (fn === 'count' || fn === 'rate') return { fn, column: null };
    throw new UsageError(
      `--agg ${fn} needs a column, such as --agg ${fn} ${numericColumns(series)[0] ?? 'COLUMN'}; ${series} has ${numericColumns(series).join(', ')}`,
    );
  }
  const named = lookUp(series, columnName);
  if (named.kind === 'tag')
    throw new UsageError(
      `--agg ${fn} ${columnName}: ${columnName} is a tag; group by it: --agg count --by ${columnName}`,
    );
  const { type, kind } = named.column;
  if (fn !== 'count' && type !== 'int' && type !== 'float')
    throw new UsageError(
      `--agg ${fn} ${columnName}: the column is not a number (${type}); use --agg count ${columnName}, or one of ${numericColumns(series).join(', ')}`,
    );
  if (fn === 'rate' && kind !== 'count' && kind !== 'counter')
    throw new UsageError(
      `--agg rate ${columnName}: ${columnName} is a ${kind}, which has no rate; use mean, max or p90, or --agg rate for points a second`,
    );
  return { fn, column: columnName };
}

function aggregateOf(name: string): AggregateName | null {
  const percent = percentOf(name);
  return percent === null ? (AGGREGATES.find((aggregate) => aggregate === name) ?? null) : `p${percent}`;
}

function parseBy(series: SeriesName, names: readonly string[]): readonly string[] {
  for (const [index, name] of names.entries()) {
    if (name === 'time') throw new UsageError('--by time: use --every, such as --every 1m');
    lookUp(series, name);
    if (names.indexOf(name) !== index) throw new UsageError(`--by ${name} is given twice`);
  }
  return names;
}

/** @throws UsageError for anything but a whole number */
export function parseLimit(limit: string | number): number {
  const value = typeof limit === 'number' ? limit : /^\d{1,15}$/.test(limit) ? Number(limit) : -1;
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new UsageError(`--limit ${limit}: not a whole number; use the most rows wanted, or 0 for all`);
}

function numericColumns(series: SeriesName): readonly string[] {
  return columnNames(series).filter((name) => {
    const type = fieldOf(series, name)?.type;
    return type === 'int' || type === 'float';
  });
}
