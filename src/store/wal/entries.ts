import { hasChecksum } from './checksum';

/**
 * The kinds of entries of DuckDB's write-ahead log that matter here (DuckDB's
 * `src/include/duckdb/common/enums/wal_type.hpp`). Kinds below `useTable` change the schema.
 */
export const KIND = {
  useTable: 25,
  insert: 26,
  delete: 27,
  update: 28,
  rowGroups: 29,
  checkpoint: 99,
  flush: 100,
} as const;

/** The first bytes of a log of version 2: an entry without size and checksum that names the version. */
export const HEADER = Buffer.from('640062650002ffff', 'hex');

/**
 * The entry that ends a transaction, from its size on. All are alike, so one can be found after damaged
 * bytes.
 */
export const FLUSH = Buffer.from('0500000000000000e7fe7d722fed3d5e640064ffff', 'hex');

/**
 * How many bytes of a damaged `FLUSH` must match: no other entry has more than 10 of them.
 */
const FLUSH_ENOUGH = 16;

/** Bytes before each entry: its size and its checksum, 8 bytes each, little-endian. */
export const HEAD_BYTES = 16;

/** Offset of an entry's kind: after the number of its field. */
const KIND_AT = HEAD_BYTES + 2;

/** An entry and its place in a log. */
export interface Entry {
  readonly at: number;
  readonly end: number;
  readonly kind: number;
}

/** The entry at an offset; null where there is no whole one. */
export function entryAt(log: Buffer, at: number): Entry | null {
  const end = endOf(log, at);
  if (end === null || !hasChecksum(log, at + HEAD_BYTES, end, at + 8)) return null;
  return { at, end, kind: kindAt(log, at) };
}

/**
 * The end of the entry at an offset by its own size, whole or damaged; null where that is after the log's
 * end.
 */
export function endOf(log: Buffer, at: number): number | null {
  if (at + HEAD_BYTES > log.length || log.readUInt32LE(at + 4) !== 0) return null;
  const end = at + HEAD_BYTES + log.readUInt32LE(at);
  return end > log.length || end === at + HEAD_BYTES ? null : end;
}

/** The kind of the entry at an offset, whole or damaged; 0 if there is none. */
export function kindAt(log: Buffer, at: number): number {
  return log[at + KIND_AT] ?? 0;
}

/** Whether there is the end of a transaction at an offset, with some of its bytes changed. */
export function isDamagedFlush(log: Buffer, at: number): boolean {
  if (at + FLUSH.length > log.length) return false;
  let same = 0;
  for (let i = 0; i < FLUSH.length; i++) if (log[at + i] === FLUSH[i]) same++;
  return same >= FLUSH_ENOUGH;
}

/** The name of the table that a `useTable` selects for the entries after it. */
export function tableOf(log: Buffer, { at, end }: Entry): string {
  // Kind, field 101 with the schema's name, field 102 with the table's; before each name its length.
  const schemaLength = at + KIND_AT + 3;
  const length = schemaLength + 1 + (log[schemaLength] ?? 0) + 2;
  return log.toString('utf8', length + 1, Math.min(end, length + 1 + (log[length] ?? 0)));
}

/** The number of rows of an `insert`, which DuckDB writes with seven bits a byte, the lowest first. */
export function rowsOf(log: Buffer, { at, end }: Entry): number {
  let rows = 0;
  // Kind, field 101 with the chunk, field 100 with the number.
  for (let i = at + KIND_AT + 5, unit = 1; i < end; i++, unit *= 128) {
    const byte = log[i] ?? 0;
    rows += (byte & 0x7f) * unit;
    if (byte < 0x80) break;
  }
  return rows;
}
