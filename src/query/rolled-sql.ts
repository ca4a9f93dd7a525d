import { tagNames } from '../metrics/schema';
import { rankGrouping, ranksTable } from '../store/ranks';
import { rollupTable } from '../store/rollup-columns';
import type { TimeRange } from '../store/time-range';
import { quote } from '../store/quote';
import type { Aggregate, Query } from './model';
import { type Plan, rolledBy } from './rolled-plan';
import { type RolledWhere, columnsOf, rolledWhere } from './rolled-where';
import { aggregate, filter, groupKeys, groupNames, valueName } from './sql-parts';

/**
 * SQL of an aggregate: over points, over rollups, and over the results of both. Results are named by letters
 * and a number.
 */
interface Parts {
  readonly raw: string;
  readonly rolled: string;
  readonly total: string;
}

/**
 * The groups of a query whose range is divided between rollups and points, with the value of each aggregate.
 */
export function rolledGroups(query: Query, aggs: readonly Aggregate[], plan: Plan): string {
  const column = aggs[0]?.column ?? '';
  switch (rolledBy(query)) {
    case 'ranks':
      return rankGroups(query, aggs, plan);
    case 'spread':
      return spreadGroups(query, column, plan);
    case 'steps':
      return counterGroups(query, column, plan);
    case 'parts':
      return sumGroups(query, aggs, plan);
  }
}

function sumGroups(query: Query, aggs: readonly Aggregate[], plan: Plan): string {
  const { flag } = rolledWhere(query.series, query.where) ?? { flag: null };
  const parts = aggs.map((agg, index) => partsOf(agg, flag, index));
  const part = (values: readonly string[]) => (table: string, condition: string) =>
    `SELECT ${[...groupKeys(query), ...values].join(', ')} FROM ${quote(table)} WHERE ${condition} GROUP BY ALL`;
  const rolled = part(parts.map((it) => it.rolled));
  const raw = part(parts.map((it) => it.raw));
  const totals = parts.map(({ total }, index) => `${total} AS ${valueName(index)}`);
  return `SELECT ${[...groupNames(query), ...totals].join(', ')} FROM (${selects(query, plan, rolled, raw)})`;
}

/**
 * One SELECT for each span, because DuckDB skips data outside one range of times, but not outside several.
 */
function selects(
  query: Query,
  { rolled, points }: Plan,
  ofRollup: (table: string, condition: string) => string,
  ofPoints: (table: string, condition: string) => string,
): string {
  const { series } = query;
  const ofTags = { ...query, where: rolledWhere(series, query.where)?.tags ?? null };
  return [
    ...rolled.map(({ unit, span }) => ofRollup(rollupTable(series, unit), filterWithin(ofTags, span))),
    ...points.map((span) => ofPoints(series, filterWithin(query, span))),
  ].join(' UNION ALL ');
}

function filterWithin(query: Query, { from, until }: TimeRange): string {
  return filter({ ...query, since: from, until });
}

function partsOf({ fn, column }: Aggregate, flag: RolledWhere['flag'], index: number): Parts {
  const [a, b] = [`a${index}`, `b${index}`];
  const of = (suffix: string): string => quote(`${column ?? ''}_${suffix}`);
  const name = quote(column ?? '');
  const counted = (raw: string, rolled: string): Parts => ({
    raw: `${raw} AS ${a}`,
    rolled: `sum(${rolled}) AS ${a}`,
    total: `CAST(sum(${a}) AS BIGINT)`,
  });
  if (column === null) return counted('count(*)', flag === null ? '"points"' : flagged(flag));
  switch (fn) {
    case 'count':
      return counted(`count(${name})`, of('count'));
    case 'min':
    case 'max':
      return { raw: `${fn}(${name}) AS ${a}`, rolled: `${fn}(${of(fn)}) AS ${a}`, total: `${fn}(${a})` };
    case 'mean':
      return {
        raw: `sum(${name}) AS ${a}, count(${name}) AS ${b}`,
        rolled: `sum(${of('sum')}) AS ${a}, sum(${of('count')}) AS ${b}`,
        total: `CAST(sum(${a}) AS DOUBLE) / nullif(sum(${b}), 0)`,
      };
    default:
      return { raw: `sum(${name}) AS ${a}`, rolled: `sum(${of('sum')}) AS ${a}`, total: `sum(${a})` };
  }
}

function flagged({ column, isSet }: NonNullable<RolledWhere['flag']>): string {
  const set = quote(`${column}_true`);
  return isSet ? set : `${quote(`${column}_count`)} - ${set}`;
}

/**
 * The increases of a counter, equal to `increases` (sql.ts): within buckets, between buckets, and from
 * buckets to points.
 */
function counterGroups(query: Query, column: string, plan: Plan): string {
  const tags = tagNames(query.series).map(quote);
  const of = (suffix: string): string => quote(`${column}_${suffix}`);
  const ranges = selects(
    query,
    plan,
    (table, condition) =>
      `SELECT ${['"time"', ...tags].join(', ')}, ${of('first')} AS a, ${of('last')} AS b, ${of('increase')} AS inside ` +
      `FROM ${quote(table)} WHERE ${condition} AND ${of('count')} > 0`,
    (table, condition) =>
      `SELECT ${['"time"', ...tags].join(', ')}, ${quote(column)} AS a, ${quote(column)} AS b, NULL AS inside ` +
      `FROM ${quote(table)} WHERE ${condition} AND ${quote(column)} IS NOT NULL`,
  );
  const steps = `SELECT *, a - lag(b) OVER (PARTITION BY ${tags.join(', ')} ORDER BY "time", a) AS step FROM (${ranges})`;
  const increase = `sum(CASE WHEN step >= 0 THEN step + coalesce(inside, 0) ELSE inside END)`;
  return `SELECT ${[...groupKeys(query), `${increase} AS ${valueName(0)}`].join(', ')} FROM (${steps})`;
}

/**
 * The standard deviation from parts. Each part has its number of values n, their sum s and their squared
 * distances m from its mean. The distances of these means from the total mean are added.
 */
function spreadGroups(query: Query, column: string, plan: Plan): string {
  const of = (suffix: string): string => quote(`${column}_${suffix}`);
  const name = quote(column);
  const keys = groupKeys(query);
  const parts = selects(
    query,
    plan,
    (table, condition) =>
      `SELECT ${[...keys, `${of('count')} AS n`].join(', ')}, CAST(${of('sum')} AS DOUBLE) AS s, ${of('m2')} AS m ` +
      `FROM ${quote(table)} WHERE ${condition} AND ${of('count')} > 0`,
    (table, condition) =>
      `SELECT ${[...keys, `count(${name}) AS n`].join(', ')}, CAST(sum(${name}) AS DOUBLE) AS s, var_pop(${name}) * count(${name}) AS m ` +
      `FROM ${quote(table)} WHERE ${condition} GROUP BY ALL HAVING n > 0`,
  );
  const names = groupNames(query);
  const group = names.length === 0 ? '' : `PARTITION BY ${names.join(', ')}`;
  const value = `CASE WHEN sum(n) > 1 THEN sqrt((sum(m) + sum(n * (s / n - mean) * (s / n - mean))) / (sum(n) - 1)) END`;
  return (
    `SELECT ${[...names, `${value} AS ${valueName(0)}`].join(', ')} FROM ` +
    `(SELECT *, sum(s) OVER of_group / sum(n) OVER of_group AS mean FROM (${parts}) WINDOW of_group AS (${group}))`
  );
}

/** Ranks of whole hours as they are stored, and of points where no ranks are stored. No bucket mixes both. */
function rankGroups(query: Query, aggs: readonly Aggregate[], plan: Plan): string {
  const { series, by, where } = query;
  const grouped = rankGrouping(series, [...by, ...(where === null ? [] : columnsOf(where))]);
  const keys = groupKeys(query);
  const kept = aggs.map(({ fn, column }, i) => `${quote(`${column ?? ''}_${fn}`)} AS a${i}`);
  const counted = aggs.map(({ fn, column }, i) => `${aggregate(fn, column, false)} AS a${i}`);
  const selected = selects(
    query,
    plan,
    (_, condition) =>
      `SELECT ${[...keys, ...kept].join(', ')} FROM ${quote(ranksTable(series))} WHERE ${condition} AND "by" = '${grouped}'`,
    (table, condition) =>
      `SELECT ${[...keys, ...counted].join(', ')} FROM ${quote(table)} WHERE ${condition} GROUP BY ALL`,
  );
  const values = aggs.map((_, i) => `any_value(a${i}) AS ${valueName(i)}`);
  return `SELECT ${[...groupNames(query), ...values].join(', ')} FROM (${selected})`;
}
