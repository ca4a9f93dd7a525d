import type { ResultColumn, Row, Value } from '../query/result';

/**
 * Rows as JSON. Times are in milliseconds since the Unix epoch. Values that JSON can't represent are strings.
 */
export function encodeRows(columns: readonly ResultColumn[], rows: readonly Row[]): string {
  return rows
    .map((row) => JSON.stringify(row.map((value, index) => encodeValue(value, columns[index]?.type))))
    .join(',');
}

/** Milliseconds since the Unix epoch, with the decimals that a double keeps. */
export function msOf(ns: bigint): number {
  return Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6;
}

function encodeValue(value: Value, type: ResultColumn['type'] | undefined): Value {
  if (typeof value === 'bigint') return type === 'time' ? msOf(value) : String(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
