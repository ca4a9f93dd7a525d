import { type SeriesName, seriesOf } from '../metrics/schema';
import type { Column } from '../metrics/schema-types';
import { quote } from './quote';

/** What points are rolled up by: the end of a table's name, and the length of its buckets in nanoseconds. */
export const ROLLUPS = {
  hour: { suffix: '1h', ns: 3_600_000_000_000n },
  minute: { suffix: '1m', ns: 60_000_000_000n },
} as const;

/** One of the lengths that points are rolled up by. */
export type RollupUnit = keyof typeof ROLLUPS;

/**
 * One column of a rollup table beside `time`, which is where the bucket begins, and the tags. The rows of one
 * bucket and tag set add up: counts and sums by adding, least and greatest values by comparing. So nothing
 * harms if there are several, as after points that came when those of their time were gone.
 */
export interface RollupColumn {
  readonly name: string;
  /** Its SQL type. */
  readonly type: string;
  /**
   * Its value, an SQL aggregate over points; of counters there is also `<column>_step`, the growth since the
   * last point.
   */
  readonly sql: string;
}

/** The table with the points of a series by minute or hour and tag set. */
export function rollupTable(series: SeriesName, unit: RollupUnit = 'minute'): string {
  return `${series}_${ROLLUPS[unit].suffix}`;
}

/** Columns of `series` that grow from the start of a run. */
export function counterColumns(series: SeriesName): readonly string[] {
  return Object.entries(seriesOf(series).columns)
    .filter(([, { kind }]) => kind === 'counter')
    .map(([name]) => name);
}

/** Tells whether a column holds single measurements, of which the spread is worth knowing. */
export function isMeasured({ kind, type }: Column): boolean {
  return (type === 'int' || type === 'float') && (kind === 'fact' || kind === 'gauge');
}

/**
 * What is kept of a bucket: the number of points, and of each column what its kind and type make worth
 * keeping.
 */
export function rollupColumns(series: SeriesName, unit: RollupUnit): readonly RollupColumn[] {
  return [
    { name: 'points', type: 'BIGINT', sql: 'count(*)' },
    ...Object.entries(seriesOf(series).columns).flatMap(([name, column]) => [
      ...partsOf(name, column),
      // Of squared distances from the mean: it can be combined, with counts and sums, without losing digits.
      ...(unit === 'hour' && isMeasured(column)
        ? [
            {
              name: `${name}_m2`,
              type: 'DOUBLE',
              sql: `var_pop(${quote(name)}) * count(${quote(name)})`,
            },
          ]
        : []),
    ]),
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
  // A sum of totals means nothing. What a rate is made of does: where the bucket began and ended, and the
  // steps between.
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
