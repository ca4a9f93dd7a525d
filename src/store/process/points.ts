import type { FieldValue, Point } from '../../metrics/point';
import type { SeriesName } from '../../metrics/schema';

/**
 * Points of one series column by column, which takes a third of the time and a fifth of the bytes that they take point by point: their
 * names are said once.
 */
interface EncodedGroup {
  readonly series: SeriesName;
  /** As many as there are points. Numbers beyond 64 bits, which the store refuses, stand in a list. */
  readonly times: BigInt64Array | readonly bigint[];
  /** The tag sets, and for each point which of them is its own. */
  readonly tagSets: readonly Point['tags'][];
  readonly tags: Uint32Array;
  /** Values by column; a column ends behind the last point that has it. */
  readonly columns: ReadonlyMap<string, readonly FieldValue[]>;
  /** Indexes of the points that an earlier delivery may have stored. */
  readonly mayBeStored: readonly number[];
}

/** Points on their way from one process to another, by series. */
export type EncodedPoints = readonly EncodedGroup[];

/** The points of each series stay in their order. */
export function encodePoints(points: readonly Point[]): EncodedPoints {
  const groups = new Map<SeriesName, Point[]>();
  for (const point of points) {
    const group = groups.get(point.series);
    if (group === undefined) groups.set(point.series, [point]);
    else group.push(point);
  }
  return [...groups].map(([series, own]) => encodeGroup(series, own));
}

function encodeGroup(series: SeriesName, points: readonly Point[]): EncodedGroup {
  const tagSets = new Map<Point['tags'], number>();
  const tags = new Uint32Array(points.length);
  const columns = new Map<string, FieldValue[]>();
  const mayBeStored: number[] = [];
  for (const [index, point] of points.entries()) {
    let tagSet = tagSets.get(point.tags);
    if (tagSet === undefined) tagSets.set(point.tags, (tagSet = tagSets.size));
    tags[index] = tagSet;
    if (point.mayBeStored === true) mayBeStored.push(index);
    const { fields } = point;
    for (const name in fields) {
      let column = columns.get(name);
      if (column === undefined) columns.set(name, (column = []));
      while (column.length < index) column.push(undefined);
      column.push(fields[name]);
    }
  }
  const times = points.map(({ time }) => time);
  const fit = times.every((time) => BigInt.asIntN(64, time) === time);
  return {
    ...{ series, tags, columns, mayBeStored },
    times: fit ? BigInt64Array.from(times) : times,
    tagSets: [...tagSets.keys()],
  };
}

/** The points again; `mayBeStored` holds of all of them where it is set. */
export function decodePoints(groups: EncodedPoints, mayBeStored: boolean): readonly Point[] {
  return groups.flatMap((group) => decodeGroup(group, mayBeStored));
}

function decodeGroup(group: EncodedGroup, all: boolean): readonly Point[] {
  const { series, times, tagSets, tags, columns } = group;
  const suspects = new Set(group.mayBeStored);
  const named = [...columns];
  return Array.from(times, (time, index) => {
    const fields: Record<string, FieldValue> = {};
    for (const [name, values] of named) {
      const value = values[index];
      if (value !== undefined) fields[name] = value;
    }
    const point = { series, time, tags: tagSets[tags[index] ?? 0] ?? {}, fields };
    return all || suspects.has(index) ? { ...point, mayBeStored: true as const } : point;
  });
}
