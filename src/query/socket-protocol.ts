import { FailureError, UsageError } from '../lib/errors';
import type { QueryArgs } from './model';
import { type ResultColumn, type Row, type Value, integer } from './result';

/**
 * What a client posts to the node: a query as text, which the node checks again, or a statement. `isOwn` is of statements that the
 * program made, and is taken from nobody.
 */
export type Request = { readonly query: QueryArgs } | { readonly raw: string; readonly isOwn?: true };

/**
 * What the node answers, a JSON value a line: the columns, the rows, and a last line with their count or the error that
 * ended them. An answer without a last line is incomplete.
 */
export type ProtocolLine =
  | { readonly columns: readonly ResultColumn[]; readonly rawSince?: string | undefined }
  | readonly unknown[]
  | { readonly rows: number }
  | { readonly error: string; readonly usage: boolean };

/** A row as a line. What JSON can't hold goes as a string, and the type of its column tells it apart. */
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
