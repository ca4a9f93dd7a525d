import { SERIES_NAMES, type SeriesName, seriesOf, tagNames } from '../metrics/schema';
import type { Column } from '../metrics/schema-types';

/** The length of time that one rolled-up point covers. */
export interface Resolution {
  /** Duration in InfluxQL, which is also the name of the retention policy. */
  readonly name: '1m' | '1h';
  readonly ms: number;
  /** How long the rolled-up points are kept, as InfluxQL writes it. */
  readonly duration: string;
  /**
   * How late a point may arrive and still be included: the rollups of this time are computed again at each
   * run.
   */
  readonly lateness: string;
}

export const RESOLUTIONS: readonly Resolution[] = [
  { name: '1m', ms: 60_000, duration: '365d', lateness: '10m' },
  { name: '1h', ms: 3_600_000, duration: 'INF', lateness: '3h' },
];

/** One statement that rolls up the points of a series. */
export interface Rollup {
  /** Name of its continuous query, without the resolution. */
  readonly name: string;
  readonly series: SeriesName;
  /** The selected fields, and a condition on points besides the time, if there is one. */
  readonly fields: string;
  readonly condition: string | undefined;
}

/** Where the points are and where their rollups go. */
export interface RollupDatabase {
  readonly database: string;
  /** Retention policy of the points. */
  readonly policy: string;
}

/**
 * The rollups of each series, by the kinds of its columns. A `count` is summed, and of a `counter` the last
 * value is kept. Both keep their names, so that the same query works on points and rollups. A `gauge` has its
 * last value under its name, and `_mean`, `_min`, `_max`. A `fact` has `_count`, `_sum` and `_max`: the mean
 * of any time follows, and percentiles of parts say nothing of the whole. A flag has `_count`, and `_true`
 * from a separate statement, because InfluxQL neither sums flags nor counts under a condition. Texts have no
 * rollups, except that a text which counts the points of a series has `_count`.
 *
 * All statements together must stay below 128 KiB. influxd 1.x can't restore a backup whose metadata, which
 * contains them, is larger: it reads an upload once (`services/snapshotter/service.go`, readRequest).
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

/**
 * The statement that computes the rollups of a time range at once; both ends in milliseconds since the Unix
 * epoch.
 */
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
  const each = (...functions: readonly string[]): string[] =>
    functions.map((fn) => field(`${fn}(${column})`, `_${fn}`));
  switch (kind) {
    case 'count':
      return [field(`sum(${column})`, '')];
    case 'counter':
      return [field(`last(${column})`, '')];
    case 'gauge':
      return [field(`last(${column})`, ''), ...each('mean', 'min', 'max')];
    case 'fact':
      return each('count', 'sum', 'max');
  }
}

function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}
