import type { FieldValue, Point } from '../metrics/point';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import type { ColumnType } from '../metrics/schema-types';
import type { TakenPoints } from '../metrics/take-each';
import {
  type Names,
  type Rejection,
  UNKNOWN_SERIES,
  emptyProblem,
  isOfType,
  namesOf,
  tagProblem,
  timeProblem,
  valueProblem,
} from '../metrics/values';
import { type FixedColumn, type SeriesColumns, type TextColumn, maskOf, onlyRows, setBit } from './columns';

const TWO_32 = 2 ** 32;

/** Points by series and column, and what was wrong with one that was left out. */
export interface Encoded extends TakenPoints {
  readonly groups: readonly SeriesColumns[];
}

interface SeriesPlan {
  readonly names: Names;
  /** Tag sets that were checked and are right; points share one object per tag set. */
  readonly goodTags: WeakSet<Point['tags']>;
}

const PLANS = new Map<SeriesName, SeriesPlan>(
  SERIES_NAMES.map((name) => [name, { names: namesOf(name), goodTags: new WeakSet() }]),
);

/**
 * Puts points into columns. The points of a series keep their order. Points that no exporter can write are
 * left out.
 */
export function encodePoints(points: readonly Point[]): Encoded {
  const bySeries = new Map<SeriesName, Point[]>();
  for (const point of points) {
    const own = bySeries.get(point.series);
    if (own === undefined) bySeries.set(point.series, [point]);
    else own.push(point);
  }
  const groups: SeriesColumns[] = [];
  let taken = 0;
  let rejection: string | undefined;
  for (const [series, own] of bySeries) {
    const plan = PLANS.get(series);
    if (plan === undefined) {
      rejection = UNKNOWN_SERIES.detail;
      continue;
    }
    const rows = new Rows(series, plan, own.length);
    for (const point of own) rows.add(point);
    const group = rows.end();
    if (rows.rejection !== undefined) ({ rejection } = rows);
    taken += group.times.length;
    if (group.times.length > 0) groups.push(group);
  }
  return { groups, taken, rejection };
}

/** Collects the rows of one series in columns. */
class Rows {
  /** What was wrong with the last row that was left out. */
  rejection: string | undefined;
  private readonly times: BigInt64Array;
  private readonly tags: Uint32Array;
  private readonly tagSets = new Map<Point['tags'], number>();
  private readonly columns = new Map<string, ColumnBuilder>();
  private readonly mayBeStored: number[] = [];
  /** Rows to leave out at the end. */
  private readonly bad = new Set<number>();
  private length = 0;

  constructor(
    private readonly series: SeriesName,
    private readonly plan: SeriesPlan,
    private readonly size: number,
  ) {
    this.times = new BigInt64Array(size);
    this.tags = new Uint32Array(size);
  }

  add(point: Point): void {
    const row = this.length++;
    const { time, tags } = point;
    this.times[row] = time;
    let tagSet = this.tagSets.get(tags);
    if (tagSet === undefined) this.tagSets.set(tags, (tagSet = this.tagSets.size));
    this.tags[row] = tagSet;
    if (point.mayBeStored === true) this.mayBeStored.push(row);
    const problem =
      this.tagProblem(tags) ?? this.addFields(row, point.fields) ?? timeProblem(this.series, time);
    if (problem === null) return;
    this.bad.add(row);
    this.rejection = problem.detail;
  }

  end(): SeriesColumns {
    const { series, times, tags, mayBeStored, bad } = this;
    const all = {
      ...{ series, times, tags, mayBeStored },
      tagSets: [...this.tagSets.keys()],
      columns: new Map([...this.columns].map(([name, column]) => [name, column.end()])),
    };
    return bad.size === 0
      ? all
      : onlyRows(
          all,
          [...times.keys()].filter((row) => !bad.has(row)),
        );
  }

  private tagProblem(tags: Point['tags']): Rejection | null {
    const { names, goodTags } = this.plan;
    if (goodTags.has(tags)) return null;
    const problem = tagProblem(this.series, tags, names);
    if (problem === null) goodTags.add(tags);
    return problem;
  }

  private addFields(row: number, fields: Point['fields']): Rejection | null {
    const { series, columns } = this;
    let isEmpty = true;
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined) continue;
      const column = columns.get(name) ?? this.newColumn(name);
      if (column?.add(row, value) !== true)
        return valueProblem(series, name, this.plan.names.columns.get(name), value);
      isEmpty = false;
    }
    return isEmpty ? emptyProblem(series) : null;
  }

  private newColumn(name: string): ColumnBuilder | undefined {
    const type = this.plan.names.columns.get(name);
    if (type === undefined) return undefined;
    const column = new ColumnBuilder(type, this.size);
    this.columns.set(name, column);
    return column;
  }
}

const NO_INTS = new Int32Array(0);
const NO_FLOATS = new Float64Array(0);
const NO_BOOLS = new Uint8Array(0);

/** Collects the values of one column. */
class ColumnBuilder {
  /** Two halves of each integer, the lower one first: making a bigint of each takes longer. */
  private readonly ints: Int32Array;
  private readonly floats: Float64Array;
  private readonly bools: Uint8Array;
  private readonly texts: (string | undefined)[] = [];
  private valid: Uint8Array | null = null;
  /** The row after the last one that has a value. */
  private next = 0;

  constructor(
    private readonly type: ColumnType,
    private readonly size: number,
  ) {
    this.ints = type === 'int' ? new Int32Array(2 * size) : NO_INTS;
    this.floats = type === 'float' ? new Float64Array(size) : NO_FLOATS;
    this.bools = type === 'bool' ? new Uint8Array(size) : NO_BOOLS;
  }

  /**
   * Adds the value of a row; rows come in ascending order. Returns false where the column can't hold the
   * value.
   */
  add(row: number, value: Exclude<FieldValue, undefined>): boolean {
    if (!isOfType(this.type, value)) return false;
    if (typeof value === 'string') {
      while (this.texts.length < row) this.texts.push(undefined);
      this.texts.push(value);
      return true;
    }
    if (typeof value === 'boolean') this.bools[row] = value ? 1 : 0;
    else if (this.type === 'float') this.floats[row] = value;
    else {
      // The assignment takes the value modulo 2^32: the lower half, also of a negative number.
      this.ints[2 * row] = value;
      this.ints[2 * row + 1] = Math.floor(value / TWO_32);
    }
    if (row !== this.next) this.valid ??= maskOf(this.size, this.next);
    if (this.valid !== null) setBit(this.valid, row);
    this.next = row + 1;
    return true;
  }

  end(): FixedColumn | TextColumn {
    if (this.type === 'string') return { texts: this.texts };
    if (this.next !== this.size) this.valid ??= maskOf(this.size, this.next);
    const { valid } = this;
    if (this.type === 'bool') return { width: 1, bytes: this.bools, valid };
    const { buffer } = this.type === 'float' ? this.floats : this.ints;
    return { width: 8, bytes: new Uint8Array(buffer), valid };
  }
}
