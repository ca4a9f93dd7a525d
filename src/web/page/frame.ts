import type { AnswerRows, Cell, Column } from './api-types';

/** A line of a chart: a value for each time, null if there is none. */
export interface FrameLine {
  /** Unique within its frame. */
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** An answer in the form that a chart draws: lines over the same times. */
export interface Frame {
  /** Ascending, Unix milliseconds. */
  readonly times: readonly number[];
  readonly lines: readonly FrameLine[];
  /** Length of a bucket; null if the times are not those of buckets. */
  readonly bucketMs: number | null;
}

/** Name of a numeric column that only its group names. */
const UNNAMED = 'value';

/** Above this number of buckets, missing ones are no longer filled in; a range has about 200. */
const MOST_BUCKETS = 20_000;

/** Whether an answer can be drawn over time: it has times and numbers. */
export function isDrawable({ columns, rows }: AnswerRows): boolean {
  return rows.length > 0 && columns.some(isTime) && columns.some(isNumber);
}

/**
 * The lines of an answer: one for each numeric column and, with text columns, for each combination of their
 * values. Missing buckets between `sinceMs` and `untilMs` are gaps, not zeros.
 */
export function toFrame(
  answer: AnswerRows,
  span: {
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly bucketMs: number | null;
  } | null = null,
): Frame {
  const { columns, rows } = answer;
  const timeAt = columns.findIndex(isTime);
  const keys = indexes(columns, (column) => !isTime(column) && !isNumber(column));
  const numbers = indexes(columns, isNumber);
  const times = timesOf(
    rows.map((row) => Number(row[timeAt])),
    span,
  );
  const place = new Map(times.map((time, index) => [time, index]));
  const lines = new Map<string, (number | null)[]>();
  for (const row of rows) {
    const at = place.get(Number(row[timeAt]));
    if (at === undefined) continue;
    const group = keys.map((index) => textOf(row[index] ?? null)).join(' ');
    for (const index of numbers) {
      const name = columns[index]?.name ?? '';
      const label = group === '' ? name : name === UNNAMED ? group : `${name} ${group}`;
      let values = lines.get(label);
      if (values === undefined) lines.set(label, (values = new Array<null>(times.length).fill(null)));
      values[at] = numberOf(row[index] ?? null);
    }
  }
  return {
    times,
    lines: [...lines].map(([label, values]) => ({ label, values })),
    bucketMs: span?.bucketMs ?? null,
  };
}

/** The last known value of a line. */
export function lastOf(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/**
 * The lines with a value other than 0; the other lines add nothing but their names. If all are 0, all lines.
 */
export function eventful(lines: readonly FrameLine[]): readonly FrameLine[] {
  const found = lines.filter(({ values }) => values.some((value) => value !== null && value !== 0));
  return found.length > 0 ? found : lines;
}

/**
 * Sorts lines by the `known` labels, then new ones by value, the largest first. New labels are added to
 * `known`, so a line keeps its place and colour while its values change.
 */
export function inOrder(lines: readonly FrameLine[], known: string[]): readonly FrameLine[] {
  const size = (line: FrameLine): number => line.values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  const others = lines.filter(({ label }) => !known.includes(label)).toSorted((a, b) => size(b) - size(a));
  known.push(...others.map(({ label }) => label));
  return lines.toSorted((a, b) => known.indexOf(a.label) - known.indexOf(b.label));
}

/**
 * Stacks lines: each value includes those of the visible lines before it. If all have a gap, the result is a
 * gap.
 */
export function stack(
  lines: readonly FrameLine[],
  hidden: ReadonlySet<string>,
): readonly (readonly (number | null)[])[] {
  const length = lines[0]?.values.length ?? 0;
  const shown = lines.filter(({ label }) => !hidden.has(label));
  const known = Array.from({ length }, (_, at) => shown.some(({ values }) => values[at] != null));
  const sums = new Array<number>(length).fill(0);
  return lines.map(({ label, values }) => {
    if (hidden.has(label)) return new Array<null>(length).fill(null);
    return values.map((value, at) => {
      sums[at] = (sums[at] ?? 0) + (value ?? 0);
      return known[at] === true ? (sums[at] ?? 0) : null;
    });
  });
}

/** Indices of values with a gap on both sides; a line alone would not show them. */
export function isolated(values: readonly (number | null | undefined)[]): number[] {
  return values.flatMap((value, at) =>
    value != null && values[at - 1] == null && values[at + 1] == null ? [at] : [],
  );
}

function timesOf(found: readonly number[], span: Parameters<typeof toFrame>[1]): readonly number[] {
  if (span?.bucketMs != null) {
    const { sinceMs, untilMs, bucketMs } = span;
    const first = Math.floor(sinceMs / bucketMs) * bucketMs;
    const count = Math.ceil((untilMs - first) / bucketMs);
    // Buckets are aligned to the epoch; an answer with other times keeps them.
    if (count <= MOST_BUCKETS && found.every((time) => time % bucketMs === 0))
      return Array.from({ length: count }, (_, index) => first + index * bucketMs);
  }
  return [...new Set(found)].sort((a, b) => a - b);
}

function indexes(columns: readonly Column[], wanted: (column: Column) => boolean): readonly number[] {
  return columns.flatMap((column, index) => (wanted(column) ? [index] : []));
}

function isTime({ type }: Column): boolean {
  return type === 'time';
}

function isNumber({ type }: Column): boolean {
  return type === 'int' || type === 'float';
}

function numberOf(value: Cell): number | null {
  if (value === null || typeof value === 'boolean') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

function textOf(value: Cell): string {
  return value === null ? '(none)' : String(value);
}
