import type { Point } from '../metrics/point';
import type { SeriesName } from '../metrics/schema';

/**
 * Bits in a byte of a mask. As in DuckDB, the first row is the lowest bit of the first byte.
 */
const BITS = 8;

/**
 * Values of one width as DuckDB holds them: integers in 64 bits, floats in 64, booleans in a byte,
 * little-endian.
 */
export interface FixedColumn {
  readonly width: 1 | 8;
  /** A value for each row. Its content does not matter for a row without one. */
  readonly bytes: Uint8Array;
  /** A bit for each row, set where it has a value; null where all have. */
  readonly valid: Uint8Array | null;
}

/** Texts. A row without one is undefined, or beyond the end. */
export interface TextColumn {
  readonly texts: readonly (string | undefined)[];
}

/** Points of one series, column by column, in the form that the store takes. */
export interface SeriesColumns {
  readonly series: SeriesName;
  /** A row for each, in nanoseconds since the Unix epoch. */
  readonly times: BigInt64Array;
  /** The distinct tag sets. `tags` has the index of its tag set for each row. */
  readonly tagSets: readonly Point['tags'][];
  readonly tags: Uint32Array;
  /** By name. A column that no point has is left out. */
  readonly columns: ReadonlyMap<string, FixedColumn | TextColumn>;
  /** Rows that an earlier delivery may have stored. */
  readonly mayBeStored: readonly number[];
}

/** A mask of `rows` bits. The first `set` of them are set. */
export function maskOf(rows: number, set: number): Uint8Array {
  const mask = new Uint8Array(Math.ceil(rows / BITS));
  mask.fill(0xff, 0, Math.floor(set / BITS));
  for (let row = set - (set % BITS); row < set; row++) setBit(mask, row);
  return mask;
}

/** Sets the bit of a row. */
export function setBit(mask: Uint8Array, row: number): void {
  const at = Math.floor(row / BITS);
  mask[at] = (mask[at] ?? 0) | (1 << (row % BITS));
}

/** The columns with these rows alone, in this order. */
export function onlyRows(all: SeriesColumns, rows: readonly number[]): SeriesColumns {
  const { series, tagSets } = all;
  const suspects = new Set(all.mayBeStored);
  return {
    series,
    tagSets,
    times: BigInt64Array.from(rows, (row) => all.times[row] ?? 0n),
    tags: Uint32Array.from(rows, (row) => all.tags[row] ?? 0),
    columns: new Map([...all.columns].map(([name, column]) => [name, rowsOf(column, rows)])),
    mayBeStored: [...rows.keys()].filter((index) => suspects.has(rows[index] ?? -1)),
  };
}

function rowsOf(column: FixedColumn | TextColumn, rows: readonly number[]): FixedColumn | TextColumn {
  if ('texts' in column) return { texts: rows.map((row) => column.texts[row]) };
  const { width } = column;
  const bytes = new Uint8Array(rows.length * width);
  const valid = column.valid === null ? null : new Uint8Array(Math.ceil(rows.length / BITS));
  for (const [index, row] of rows.entries()) {
    bytes.set(column.bytes.subarray(row * width, (row + 1) * width), index * width);
    if (valid !== null && isSet(column.valid, row)) setBit(valid, index);
  }
  return { width, bytes, valid };
}

function isSet(mask: Uint8Array | null, row: number): boolean {
  return mask === null || ((mask[Math.floor(row / BITS)] ?? 0) & (1 << (row % BITS))) !== 0;
}
