import { type SeriesName, seriesOf } from '../metrics/schema';
import type { Column } from '../metrics/schema-types';
import { quote } from './quote';

/** Length of a rolled-up bucket in nanoseconds; its `time` is where it begins. */
export const ROLLUP_NS = 60_000_000_000n;

/**
 * One column of a rollup table beside `time` and the tags. The rows of one minute and tag set add up: counts and sums by adding,
 * least and greatest values by comparing. So nothing harms if there are several, as after points that came late.
 */
export interface RollupColumn {
  readonly name: string;
  /** Its SQL type. */
  readonly type: string;
  /** Its value, an SQL aggregate over points; of counters there is also `<column>_step`, the growth since the last point. */
  readonly sql: string;
}

/** The table with the points of a series by minute and tag set. */
export function rollupTable(series: SeriesName): string {
  return `${series}_1m`;
}

/** Columns of `series` that grow from the start of a run. */
export function counterColumns(series: SeriesName): readonly string[] {
  return Object.entries(seriesOf(series).columns)
    .filter(([, { kind }]) => kind === 'counter')
    .map(([name]) => name);
}

/** What is kept of a minute: the number of points, and of each column what its kind and type make worth keeping. */
export function rollupColumns(series: SeriesName): readonly RollupColumn[] {
  return [
    { name: 'points', type: 'BIGINT', sql: 'count(*)' },
    ...Object.entries(seriesOf(series).columns).flatMap(([name, column]) => partsOf(name, column)),
  ];
}

function partsOf(name: string, { kind, type }: Column): readonly RollupColumn[] {
  const column = quote(name);
  const part = (suffix: string, partType: string, sql: string): RollupColumn => ({
    name: `${name}_${suffix}`,
    type: partType,
    sql,
  });
  const count = part('count', 'BIGINT', `count(${column})`);
  if (type === 'string') return [count];
  if (type === 'bool') return [count, part('true', 'BIGINT', `count(*) FILTER (${column})`)];
  const sqlType = type === 'int' ? 'BIGINT' : 'DOUBLE';
  const sumType = type === 'int' ? 'HUGEINT' : 'DOUBLE';
  const range = [part('min', sqlType, `min(${column})`), part('max', sqlType, `max(${column})`)];
  // A sum of totals means nothing. What a rate is made of does: where the minute began and ended, and the steps between.
  if (kind === 'counter')
    return [
      count,
      ...range,
      part('first', sqlType, `arg_min(${column}, points."time") FILTER (${column} IS NOT NULL)`),
      part('last', sqlType, `arg_max(${column}, points."time") FILTER (${column} IS NOT NULL)`),
      part('increase', sumType, `sum(${quote(`${name}_step`)})`),
    ];
  return [count, part('sum', sumType, `sum(${column})`), ...range];
}
