import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DuckDBAppender, type DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import duckdb, { type Vector } from '@duckdb/node-bindings';
import { type SeriesName, tagNames } from '../metrics/schema';
import type { FixedColumn, SeriesColumns, TextColumn } from './columns';

/**
 * Rows of a chunk, the most that one can hold, and a multiple of eight. After each the event loop gets a
 * turn.
 */
const CHUNK_ROWS = 2048;

/**
 * Bytes of DuckDB's `duckdb_string_t` (duckdb.h): a length, then a text of up to 12 bytes, or the first bytes
 * and the address of a longer one.
 */
const STRING_BYTES = 16;

/** The mask of a column of a chunk that has no value. */
const NO_VALUES = new Uint8Array(CHUNK_ROWS / 8);

/** One tag of all rows: its distinct values, and for each tag set the index of its value. */
interface TagColumn {
  readonly values: readonly string[];
  readonly ofTagSet: readonly number[];
}

/**
 * Writes columns into one table. It is kept for all batches: an appender for each batch took 32 MB more,
 * since each of the widest tables takes a megabyte that the garbage collector does not know of and frees
 * late.
 */
export class TableAppender {
  private readonly vectors: readonly Vector[];
  private readonly tags: ReadonlySet<string>;

  private constructor(
    series: SeriesName,
    private readonly layout: readonly string[],
    private readonly appender: DuckDBAppender,
    private readonly chunk: DuckDBDataChunk,
  ) {
    this.tags = new Set(tagNames(series));
    this.vectors = layout.map((_, index) => duckdb.data_chunk_get_vector(chunk.chunk, index));
  }

  /** Makes one for the table of a series, whose columns are in the order of `layout`. */
  static async create(
    connection: DuckDBConnection,
    series: SeriesName,
    layout: readonly string[],
  ): Promise<TableAppender> {
    const appender = await connection.createAppender(series);
    const types = layout.map((_, index) => appender.columnType(index));
    return new TableAppender(series, layout, appender, DuckDBDataChunk.create(types));
  }

  /**
   * Appends all rows within the connection's transaction.
   * @throws DuckDB's error; the appender can't be used after that
   */
  async append(columns: SeriesColumns): Promise<void> {
    const { appender, chunk, layout } = this;
    const tags = new Map([...this.tags].map((name) => [name, tagColumn(columns, name)]));
    try {
      for (let start = 0; start < columns.times.length; start += CHUNK_ROWS) {
        if (start > 0) await nextTurn();
        const rows = Math.min(CHUNK_ROWS, columns.times.length - start);
        chunk.reset();
        chunk.rowCount = rows;
        for (const [index, vector] of this.vectors.entries()) {
          const name = layout[index] ?? '';
          const tag = tags.get(name);
          if (name === 'time') setBytes(vector, columns.times, start * 8, rows * 8);
          else if (tag !== undefined) setTags(vector, tag, columns.tags.subarray(start, start + rows));
          else setValues(vector, columns.columns.get(name), start, rows);
        }
        appender.appendDataChunk(chunk);
      }
      appender.flushSync();
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  /**
   * Discards the rows that were not flushed. An appender flushes when it is freed, after the end of this
   * transaction: the rows would be stored then, and again by the next attempt.
   */
  private drop(): void {
    try {
      this.appender.clear();
    } catch {
      // Closing then flushes what is left within the transaction, which is rolled back.
    }
    this.close();
  }

  /** Closes the appender; one that stays open keeps the file open. */
  close(): void {
    try {
      this.appender.closeSync();
    } catch {
      // It was flushed or cleared before, so it holds no rows. An error of the file was reported by that
      // call.
    }
  }
}

/** Sets the values of one column of the table. `column` is undefined where only an older schema had it. */
function setValues(
  vector: Vector,
  column: FixedColumn | TextColumn | undefined,
  start: number,
  rows: number,
): void {
  if (column === undefined) setValid(vector, NO_VALUES, 0, rows);
  else if ('texts' in column) setTexts(vector, column.texts, start, rows);
  else {
    setBytes(vector, column.bytes, start * column.width, rows * column.width);
    if (column.valid !== null) setValid(vector, column.valid, start, rows);
  }
}

function setTexts(vector: Vector, texts: readonly (string | undefined)[], start: number, rows: number): void {
  const valid = new Uint8Array(NO_VALUES);
  let missing = 0;
  for (let row = 0; row < rows; row++) {
    const text = texts[start + row];
    if (text === undefined) missing++;
    else {
      duckdb.vector_assign_string_element(vector, row, text);
      valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7));
    }
  }
  if (missing > 0) setValid(vector, valid, 0, rows);
}

/**
 * Gives DuckDB each distinct text once. Rows share it, and DuckDB copies it when it takes the chunk.
 */
function setTags(vector: Vector, { values, ofTagSet }: TagColumn, tags: Uint32Array): void {
  if (values.length > tags.length) {
    for (const [row, tagSet] of tags.entries())
      duckdb.vector_assign_string_element(vector, row, values[ofTagSet[tagSet] ?? 0] ?? '');
    return;
  }
  for (const [row, text] of values.entries()) duckdb.vector_assign_string_element(vector, row, text);
  const different = duckdb.vector_get_data(vector, values.length * STRING_BYTES);
  const all = new Uint8Array(tags.length * STRING_BYTES);
  const from = new Int32Array(different.slice().buffer);
  const to = new Int32Array(all.buffer);
  for (let row = 0; row < tags.length; row++) {
    const value = 4 * (ofTagSet[tags[row] ?? 0] ?? 0);
    for (let word = 0; word < 4; word++) to[4 * row + word] = from[value + word] ?? 0;
  }
  setBytes(vector, all, 0, all.length);
}

function tagColumn({ tagSets }: SeriesColumns, name: string): TagColumn {
  const values = new Map<string, number>();
  const ofTagSet = tagSets.map((tagSet) => {
    const value = tagSet[name] ?? '';
    let index = values.get(value);
    if (index === undefined) values.set(value, (index = values.size));
    return index;
  });
  return { values: [...values.keys()], ofTagSet };
}

function setBytes(vector: Vector, from: Uint8Array | BigInt64Array, begin: number, length: number): void {
  duckdb.copy_data_to_vector(vector, 0, from.buffer as ArrayBuffer, from.byteOffset + begin, length);
}

/** @param start the first row, a multiple of eight */
function setValid(vector: Vector, mask: Uint8Array, start: number, rows: number): void {
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(
    vector,
    0,
    mask.buffer as ArrayBuffer,
    mask.byteOffset + start / 8,
    Math.ceil(rows / 8),
  );
}
