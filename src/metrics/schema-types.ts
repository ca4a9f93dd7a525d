/** Type of a column. Integers stay within ±2^53, where a JavaScript number is exact. */
export type ColumnType = 'int' | 'float' | 'bool' | 'string';

/**
 * How a column's values add up, which tells a query how to aggregate them: `counter` grows from the start of
 * a run (take differences), `count` belongs to one interval (take sums), `gauge` is a state at a moment and
 * `fact` a property of one event (take means, percentiles).
 */
export type ColumnKind = 'counter' | 'count' | 'gauge' | 'fact';

export interface Column {
  readonly type: ColumnType;
  readonly kind: ColumnKind;
  /** Unit of the value: `bytes`, `sat`, `ms`, …; empty for names, flags and plain numbers. */
  readonly unit: string;
  readonly help: string;
}

/** A column that counts within its interval. */
export type CountColumn = Column & { readonly type: 'int'; readonly kind: 'count' };

/** One tag of a series: a label with a bounded set of values. */
interface Tag {
  /** What bounds the set of values. */
  readonly help: string;
}

/** One series: the meaning of its points, when they are written and what they contain. */
export interface Series {
  readonly help: string;
  /** Whether points are written once an interval or at events, and at which. */
  readonly when: string;
  readonly tags: Readonly<Record<string, Tag>>;
  readonly columns: Readonly<Record<string, Column>>;
  /**
   * Every point has exactly one of these columns. Counting them counts points in a language that can only
   * count columns (InfluxQL).
   */
  readonly anchors: readonly string[];
}

/** The TypeScript type of a column's values. */
export type ValueOf<T extends ColumnType> = T extends 'int' | 'float'
  ? number
  : T extends 'bool'
    ? boolean
    : string;

export function column<T extends ColumnType, K extends ColumnKind>(
  type: T,
  kind: K,
  unit: string,
  help: string,
): { readonly type: T; readonly kind: K; readonly unit: string; readonly help: string } {
  return { type, kind, unit, help };
}
