import type { FieldValue, Point } from './point';
import { type SeriesName, seriesOf, tagNames } from './schema';
import type { ColumnType } from './schema-types';

/**
 * InfluxDB's range of times in nanoseconds. DuckDB's TIMESTAMP_NS has the same range without its infinities.
 */
const MIN_TIME = -9_223_372_036_854_775_806n;
const MAX_TIME = 9_223_372_036_854_775_806n;

/** Why a point can't be written by any exporter. */
export interface Rejection {
  readonly reason: 'no fields' | 'unknown column' | 'unknown tag' | 'value' | 'tag' | 'time' | 'too long';
  /** `series.column: what is wrong`, for the log; contains no text of a peer. */
  readonly detail: string;
}

/** The rejection of a point whose series is not in the schema. */
export const UNKNOWN_SERIES: Rejection = {
  reason: 'unknown column',
  detail: 'a series that the schema lacks',
};

/** The names that points of a series may use, from the schema. */
export interface Names {
  readonly tags: ReadonlySet<string>;
  readonly columns: ReadonlyMap<string, ColumnType>;
}

/** The names of a series in a form that is quick to ask. */
export function namesOf(series: SeriesName): Names {
  return {
    tags: new Set(tagNames(series)),
    columns: new Map(Object.entries(seriesOf(series).columns).map(([name, { type }]) => [name, type])),
  };
}

/**
 * What is wrong with the value of a column, or null. `type` is undefined where the schema lacks the column.
 */
export function valueProblem(
  series: SeriesName,
  name: string,
  type: ColumnType | undefined,
  value: Exclude<FieldValue, undefined>,
): Rejection | null {
  if (type === undefined)
    return { reason: 'unknown column', detail: `${series}: a column that the schema lacks` };
  if (isOfType(type, value)) return null;
  // A string may be a peer's: the log gets its type alone.
  const found = typeof value === 'string' ? 'a string' : String(value);
  return { reason: 'value', detail: `${series}.${name}: ${found} is not ${WANTED[type]}` };
}

const WANTED: Readonly<Record<ColumnType, string>> = {
  int: 'an integer within ±2^53',
  float: 'a finite number',
  bool: 'a boolean',
  string: 'a string',
};

/**
 * Whether a column of a type can hold a value. Integers beyond ±2^53 are refused because they are not exact.
 * NaN and the infinities are refused because InfluxDB has none.
 */
export function isOfType(type: ColumnType, value: Exclude<FieldValue, undefined>): boolean {
  switch (type) {
    case 'int':
      return Number.isSafeInteger(value);
    case 'float':
      return Number.isFinite(value);
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
  }
}

/** What is wrong with the names of a point's tags, or null. */
export function tagProblem(series: SeriesName, tags: Point['tags'], names: Names): Rejection | null {
  for (const name in tags)
    if (!names.tags.has(name))
      return { reason: 'unknown tag', detail: `${series}: a tag that the schema lacks` };
  return null;
}

/** What is wrong with a point's time, or null. */
export function timeProblem(series: SeriesName, time: bigint): Rejection | null {
  if (time >= MIN_TIME && time <= MAX_TIME) return null;
  return { reason: 'time', detail: `${series}: ${time} ns is beyond 64 bits` };
}

/**
 * Why a point without any value is refused: InfluxDB has no such point, and the stores must agree on their
 * counts.
 */
export function emptyProblem(series: SeriesName): Rejection {
  return { reason: 'no fields', detail: `${series}: a point without any value` };
}
