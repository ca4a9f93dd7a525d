import { type SeriesName, seriesOf } from '../metrics/schema';
import type { Column } from '../metrics/schema-types';
import { quote } from './quote';

/** The lengths that points are rolled up by: the end of the table's name, and the bucket in nanoseconds. */
export const ROLLUPS = {
  hour: { suffix: '1h', ns: 3_600_000_000_000n },
  minute: { suffix: '1m', ns: 60_000_000_000n },
} as const;

/** One of the lengths that points are rolled up by. */
export type RollupUnit = keyof typeof ROLLUPS;

/**
 * One column of a rollup table beside `time`, the begin of the bucket, and the tags. A bucket and tag set may
 * have several rows, for example when points came after the others of their time were removed. They combine:
 * counts and sums are added, least and greatest values compared.
 */
export interface RollupColumn {
  readonly name: string;
  /** Its SQL type. */
  readonly type: string;
  /**
   * Its value, an SQL aggregate over points. A counter also has `<column>_step`, the growth since the last
   * point.
   */
  readonly sql: string;
}

/** The table with the points of a series by minute or hour and tag set. */
export function rollupTable(series: SeriesName, unit: RollupUnit = 'minute'): string {
  return `${series}_${ROLLUPS[unit].suffix}`;
}

/** Columns of `series` that count up from the start of a run. */
export function counterColumns(series: SeriesName): readonly string[] {
  return Object.entries(seriesOf(series).columns)
    .filter(([, { kind }]) => kind === 'counter')
    .map(([name]) => name);
}

/** Whether a column holds single measurements, whose spread is of interest. */
export function isMeasured({ kind, type }: Column): boolean {
  return (type === 'int' || type === 'float') && (kind === 'fact' || kind === 'gauge');
}

/**
 * The columns that are kept of a bucket: the number of points, and those that the kind and type of each
 * column make worth keeping.
 */
export function rollupColumns(series: SeriesName, unit: RollupUnit): readonly RollupColumn[] {
  return [
    { name: 'points', type: 'BIGINT', sql: 'count(*)' },
    ...Object.entries(seriesOf(series).columns).flatMap(([name, column]) => [
      ...partsOf(name, column),
      // The sum of squared distances from the mean. With counts and sums it can be combined without losing
      // digits.
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
  // A sum of totals means nothing. A rate needs the first and last value of the bucket, and the steps
  // between.
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
