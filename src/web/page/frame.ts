import type { AnswerRows, Cell, Column, PanelInfo } from './api-types';

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
 * Why an answer need not be drawn. `nothing`: it has no value, or only zeros where a zero says that nothing
 * happened or that nothing is there (in bars, in stacks, and in the columns that add up). `zero`: each value
 * that it measures is 0, which a chart does not tell better than a word.
 */
export type Silence = 'nothing' | 'zero';

/** Why an answer need not be drawn; null where it must be. A table that has rows with names must be. */
export function silenceOf(
  { columns, rows }: AnswerRows,
  { plot, sums }: Pick<PanelInfo, 'plot' | 'sums'>,
): Silence | null {
  const isFilled = plot === 'bars' || plot === 'stacked';
  const numbers = columns.flatMap((column, at) =>
    isNumber(column) ? [{ at, zeroIsNothing: isFilled || sums.includes(column.name) }] : [],
  );
  let silence: Silence = 'nothing';
  for (const row of rows)
    for (const { at, zeroIsNothing } of numbers) {
      const value = row[at] ?? null;
      if (value === null) continue;
      if (Number(value) !== 0 || (plot === 'table' && !zeroIsNothing)) return null;
      if (!zeroIsNothing) silence = 'zero';
    }
  return silence;
}

/** Lines that are 0 in a bucket without points, and the time that the store has points for. */
export interface Zeros {
  /** Names of their columns. */
  readonly columns: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The lines of an answer: one for each numeric column and, with text columns, for each combination of their
 * values. Missing buckets between `sinceMs` and `untilMs` are gaps, except those of `zeros`.
 */
export function toFrame(
  answer: AnswerRows,
  span: {
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly bucketMs: number | null;
  } | null = null,
  zeros: Zeros | null = null,
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
  const bucketMs = span?.bucketMs ?? null;
  const emptyOf = (name: string): (number | null)[] =>
    times.map((time) => (isZero(zeros, name, time, bucketMs) ? 0 : null));
  for (const row of rows) {
    const at = place.get(Number(row[timeAt]));
    if (at === undefined) continue;
    const group = keys.map((index) => textOf(row[index] ?? null)).join(' ');
    for (const index of numbers) {
      const name = columns[index]?.name ?? '';
      const label = group === '' ? name : name === UNNAMED ? group : `${name} ${group}`;
      let values = lines.get(label);
      if (values === undefined) lines.set(label, (values = emptyOf(name)));
      values[at] = numberOf(row[index] ?? null) ?? values[at] ?? null;
    }
  }
  return {
    times,
    lines: [...lines].map(([label, values]) => ({ label, values })),
    bucketMs,
  };
}

/** Most lines of a chart: more can't be told apart. */
const MOST_LINES = 7;

/**
 * The first seven lines, and the sum of the others as one where they add up; otherwise the others are left
 * out.
 */
export function fewLines(lines: readonly FrameLine[], addUp: boolean): readonly FrameLine[] {
  const [shown, others] = [lines.slice(0, MOST_LINES), lines.slice(MOST_LINES)];
  const [first] = others;
  if (first === undefined || !addUp) return shown;
  const values = first.values.map((_, at) =>
    others.reduce<number | null>((sum, line) => {
      const value = line.values[at] ?? null;
      return value === null ? sum : (sum ?? 0) + value;
    }, null),
  );
  return [...shown, { label: `other (${others.length})`, values }];
}

/** The numbers of a line in the legend, over the range; null without a value. */
export interface LineFacts {
  readonly last: number;
  readonly mean: number;
  readonly max: number;
}

/** The last value of a line, the mean and the greatest. */
export function factsOf(values: readonly (number | null)[]): LineFacts | null {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return null;
  const sum = known.reduce((total, value) => total + value, 0);
  return { last, mean: sum / known.length, max: known.reduce((a, b) => Math.max(a, b)) };
}

/**
 * An answer for each of its numeric columns, with the times and texts of all: numbers of different units must
 * not share an axis.
 */
export function byNumber(answer: AnswerRows): readonly AnswerRows[] {
  const { columns } = answer;
  const numbers = indexes(columns, isNumber);
  return numbers.map((number) => {
    const kept = indexes(columns, (column) => !isNumber(column) || column === columns[number]);
    return {
      ...answer,
      columns: kept.flatMap((at) => columns[at] ?? []),
      rows: answer.rows.map((row) => kept.map((at) => row[at] ?? null)),
    };
  });
}

/**
 * The lines with a value other than 0; the other lines add nothing but their names. If all are 0, the lines
 * with a value.
 */
export function eventful(lines: readonly FrameLine[]): readonly FrameLine[] {
  const found = lines.filter(({ values }) => values.some((value) => value !== null && value !== 0));
  if (found.length > 0) return found;
  const known = lines.filter(({ values }) => values.some((value) => value !== null));
  return known.length > 0 ? known : lines;
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

/**
 * Whether a column is 0 in a bucket without points: the store must have points for the time of the bucket.
 */
function isZero(zeros: Zeros | null, name: string, time: number, bucketMs: number | null): boolean {
  if (zeros === null || bucketMs === null || !zeros.columns.includes(name)) return false;
  return time + bucketMs > zeros.fromMs && time <= zeros.toMs;
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
