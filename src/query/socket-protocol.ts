import { FailureError, UsageError } from '../lib/errors';
import type { QueryArgs } from './model';
import { type ResultColumn, type Row, type Value, integer } from './result';

/**
 * A client's request to the node: a query as text, which the node checks again, or a statement. `isOwn` marks
 * statements that the program made; it is never accepted from a client.
 */
export type Request =
  | { readonly query: QueryArgs }
  | { readonly raw: string; readonly isOwn?: true }
  /** Copies the store to a new file with this absolute path; only a client of the socket may ask for it. */
  | { readonly copyTo: string };

/**
 * A line of the node's answer, as JSON: the columns, the rows, and a last line with their count or with the
 * error that ended them. An answer without a last line is incomplete.
 */
export type ProtocolLine =
  | { readonly columns: readonly ResultColumn[]; readonly rawSince?: string | undefined }
  | readonly unknown[]
  | { readonly rows: number }
  | { readonly error: string; readonly usage: boolean };

/** A row as a line. Values that JSON can't represent are strings; the type of the column tells them apart. */
export function encodeRow(row: Row): string {
  return JSON.stringify(row.map(encodeValue));
}

/** The row of a line. */
export function decodeRow(columns: readonly ResultColumn[], line: readonly unknown[]): Row {
  return line.map((value, index) => decodeValue(columns[index]?.type ?? 'string', value as Value));
}

/** The error of a line. */
export function decodeError({ error, usage }: { readonly error: string; readonly usage: boolean }): Error {
  return usage ? new UsageError(error) : new FailureError(error);
}

function encodeValue(value: Value): Value {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function decodeValue(type: ResultColumn['type'], value: Value): Value {
  if (typeof value !== 'string' || type === 'string' || type === 'bool') return value;
  if (type === 'time') return BigInt(value);
  return type === 'int' ? integer(BigInt(value)) : Number(value);
}
