import { SERIES_NAMES, type SeriesName, seriesOf, tagNames } from '../metrics/schema';
import type { Column } from '../metrics/schema-types';

/** One length of time for which points are summed up. */
export interface Resolution {
  /** InfluxQL's duration, which is the name of the retention policy too. */
  readonly name: '1m' | '1h';
  readonly ms: number;
  /** How long sums are kept, as InfluxQL has it. */
  readonly duration: string;
  /** How late a point may come and still be in the sums: those of this time are made anew each time. */
  readonly lateness: string;
}

/** The resolutions that there are. */
export const RESOLUTIONS: readonly Resolution[] = [
  { name: '1m', ms: 60_000, duration: '365d', lateness: '10m' },
  { name: '1h', ms: 3_600_000, duration: 'INF', lateness: '3h' },
];

/** One statement that sums up the points of a series. */
export interface Rollup {
  /** Name of its continuous query, without its resolution. */
  readonly name: string;
  readonly series: SeriesName;
  /** What is selected, and the condition on points beside the time, if there is one. */
  readonly fields: string;
  readonly condition: string | undefined;
}

/** Where points are and where their sums go. */
export interface RollupDatabase {
  readonly database: string;
  /** Retention policy of the points. */
  readonly policy: string;
}

/**
 * What is summed up of each series, by the kinds of its columns. A `count` adds up, of a `counter` the last value tells all: both keep
 * their names, and a query on them is the same on points and sums. A `gauge` has its last value under its name and `_mean`, `_min`,
 * `_max`; a `fact` has `_count`, `_sum`, `_mean`, `_min`, `_max`, `_p50`, `_p90` and `_p99`. Of a flag there are `_count`, and `_true` by a
 * statement of its own, because InfluxQL neither adds up flags nor counts under a condition. Texts have no sums; where the points of
 * a series are counted by one, it has `_count`.
 */
export const ROLLUPS: readonly Rollup[] = SERIES_NAMES.flatMap((series) => {
  const { columns, anchors } = seriesOf(series);
  const entries = Object.entries(columns);
  const fields = entries.flatMap(([name, column]) => fieldsOf(name, column, anchors.includes(name)));
  const flags = entries.filter(([, { type }]) => type === 'bool');
  return [
    { name: series, series, fields: fields.join(', '), condition: undefined },
    ...flags.map(([name]) => ({
      name: `${series}_${name}`,
      series,
      fields: `count("${name}") AS "${name}_true"`,
      condition: `"${name}" = true`,
    })),
  ];
});

/** The statement of a continuous query. */
export function continuousStatement(rollup: Rollup, place: RollupDatabase, resolution: Resolution): string {
  const { condition } = rollup;
  return statement(rollup, place, resolution, condition === undefined ? '' : ` WHERE ${condition}`);
}

/** The statement that makes the sums of a span of time at once; both ends in milliseconds since the Unix epoch. */
export function fillStatement(
  rollup: Rollup,
  place: RollupDatabase,
  resolution: Resolution,
  { since, until }: { readonly since: number; readonly until: number },
): string {
  const { condition } = rollup;
  const time = `time >= ${since}ms AND time < ${until}ms`;
  return statement(
    rollup,
    place,
    resolution,
    ` WHERE ${time}${condition === undefined ? '' : ` AND ${condition}`}`,
  );
}

function statement(
  rollup: Rollup,
  { database, policy }: RollupDatabase,
  { name }: Resolution,
  where: string,
): string {
  const { series, fields } = rollup;
  const tags = tagNames(series).map((tag) => `, "${tag}"`);
  const from = [database, policy, series].map(quoted).join('.');
  const into = [database, name, series].map(quoted).join('.');
  return `SELECT ${fields} INTO ${into} FROM ${from}${where} GROUP BY time(${name})${tags.join('')} fill(none)`;
}

function fieldsOf(name: string, { type, kind }: Column, isAnchor: boolean): readonly string[] {
  const field = (call: string, suffix: string): string => `${call} AS "${name}${suffix}"`;
  const column = `"${name}"`;
  if (type === 'string') return isAnchor ? [field(`count(${column})`, '_count')] : [];
  if (type === 'bool') return [field(`count(${column})`, '_count')];
  const spread = ['mean', 'min', 'max'].map((fn) => field(`${fn}(${column})`, `_${fn}`));
  switch (kind) {
    case 'count':
      return [field(`sum(${column})`, '')];
    case 'counter':
      return [field(`last(${column})`, '')];
    case 'gauge':
      return [field(`last(${column})`, ''), ...spread];
    case 'fact':
      return [
        ...['count', 'sum'].map((fn) => field(`${fn}(${column})`, `_${fn}`)),
        ...spread,
        ...[50, 90, 99].map((percent) => field(`percentile(${column}, ${percent})`, `_p${percent}`)),
      ];
  }
}

function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}
