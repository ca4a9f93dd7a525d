import { tagNames } from '../metrics/schema';
import { ROLLUP_NS, rollupTable } from '../store/rollup-columns';
import { quote } from '../store/store';
import { isCounter } from './columns';
import type { Query } from './model';
import { filter, groupKeys } from './sql-parts';
import type { Where } from './where';

type Aggregate = NonNullable<Query['agg']>;

/** An aggregate of parts: of points, of rolled-up minutes, and of both. Each names what it makes of them `a` and `b`. */
interface Parts {
  readonly raw: string;
  readonly rolled: string;
  readonly total: string;
}

/**
 * Tells whether sums of minutes answer a query: not percentiles, sums of totals and the points themselves, nor groups and
 * conditions of anything but tags, nor buckets that are not whole minutes.
 */
export function answersFromRollups({ series, agg, by, where, everyNs }: Query): boolean {
  if (agg === null || !(agg.fn === 'rate' || partsOf(agg) !== null)) return false;
  const totals = agg.column !== null && isCounter(series, agg.column);
  if (totals && (agg.fn === 'sum' || agg.fn === 'mean')) return false;
  const tags = tagNames(series);
  return (
    (everyNs === null || everyNs % ROLLUP_NS === 0n) &&
    [...by, ...(where === null ? [] : columnsOf(where))].every((name) => tags.includes(name))
  );
}

/**
 * The groups of a query of which the time before `rawSince` was rolled up. A minute belongs to the time asked for where a part of it
 * does. Points before `rawSince` came after that, and are in no rollup yet.
 */
export function rolledGroups(query: Query, agg: Aggregate, rawSince: bigint): string {
  const { series } = query;
  const minutes = filter({
    ...query,
    since: query.since - (query.since % ROLLUP_NS),
    until: query.until < rawSince ? query.until : rawSince,
  });
  if (agg.fn === 'rate' && agg.column !== null && isCounter(series, agg.column))
    return counterGroups(query, agg.column, minutes);
  const { raw, rolled, total } = partsOf(agg) ?? { raw: '', rolled: '', total: '' };
  const keys = groupKeys(query);
  const part = (values: string, table: string, condition: string): string =>
    `SELECT ${[...keys, values].join(', ')} FROM ${quote(table)} WHERE ${condition} GROUP BY ALL`;
  const names = [...(query.everyNs === null ? [] : ['"time"']), ...query.by.map(quote)];
  return (
    `SELECT ${[...names, `${total} AS aggregate_of_group`].join(', ')} FROM (` +
    `${part(raw, series, filter(query))} UNION ALL ${part(rolled, rollupTable(series), minutes)})`
  );
}

function partsOf({ fn, column }: Aggregate): Parts | null {
  const of = (suffix: string): string => quote(`${column ?? ''}_${suffix}`);
  const name = quote(column ?? '');
  switch (fn) {
    case 'count':
    case 'rate':
      if (column === null)
        return { raw: 'count(*) AS a', rolled: 'sum("points") AS a', total: 'CAST(sum(a) AS BIGINT)' };
      if (fn === 'count')
        return {
          raw: `count(${name}) AS a`,
          rolled: `sum(${of('count')}) AS a`,
          total: 'CAST(sum(a) AS BIGINT)',
        };
      return { raw: `sum(${name}) AS a`, rolled: `sum(${of('sum')}) AS a`, total: 'sum(a)' };
    case 'sum':
      return { raw: `sum(${name}) AS a`, rolled: `sum(${of('sum')}) AS a`, total: 'sum(a)' };
    case 'min':
    case 'max':
      return { raw: `${fn}(${name}) AS a`, rolled: `${fn}(${of(fn)}) AS a`, total: `${fn}(a)` };
    case 'mean':
      return {
        raw: `sum(${name}) AS a, count(${name}) AS b`,
        rolled: `sum(${of('sum')}) AS a, sum(${of('count')}) AS b`,
        total: 'CAST(sum(a) AS DOUBLE) / nullif(sum(b), 0)',
      };
    default:
      return null;
  }
}

/** The steps of a counter as `increases` (sql.ts) has them: within minutes, between them, and from them on to the points. */
function counterGroups(query: Query, column: string, minutes: string): string {
  const tags = tagNames(query.series).map(quote);
  const of = (suffix: string): string => quote(`${column}_${suffix}`);
  const ranges =
    `SELECT ${['"time"', ...tags].join(', ')}, ${of('first')} AS a, ${of('last')} AS b, ${of('increase')} AS inside ` +
    `FROM ${quote(rollupTable(query.series))} WHERE ${minutes} AND ${of('count')} > 0 UNION ALL ` +
    `SELECT ${['"time"', ...tags].join(', ')}, ${quote(column)}, ${quote(column)}, NULL ` +
    `FROM ${quote(query.series)} WHERE ${filter(query)} AND ${quote(column)} IS NOT NULL`;
  const steps = `SELECT *, a - lag(b) OVER (PARTITION BY ${tags.join(', ')} ORDER BY "time", a) AS step FROM (${ranges})`;
  const increase = `sum(CASE WHEN step >= 0 THEN step + coalesce(inside, 0) ELSE inside END)`;
  return `SELECT ${[...groupKeys(query), `${increase} AS aggregate_of_group`].join(', ')} FROM (${steps})`;
}

function columnsOf(where: Where): readonly string[] {
  return where.kind === 'compare' ? [where.column] : where.terms.flatMap(columnsOf);
}
