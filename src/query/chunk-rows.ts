import {
  DuckDBArrayType,
  type DuckDBDataChunk,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { UsageError } from '../lib/errors';

/**
 * Largest chunk, in bytes; a chunk has at most 2,048 rows. DuckDB makes large values without copying them:
 * `range(20000000)` is a single value. Converting it to JavaScript takes 12 s and 4 GB, and blocks the node
 * meanwhile.
 */
const MAX_CHUNK_BYTES = 16_000_000;

/** Estimated size of a list element, which becomes an object. */
const ELEMENT_BYTES = 64;

/** How many values are converted and written at once: 3 ms here (bench/web.ts). */
const VALUES_AT_ONCE = 5_000;

type Vector = duckdb.Vector;

/**
 * The rows of a chunk, in slices that do not block the event loop for long.
 * @throws UsageError if its values are too large to be converted
 */
export function* rowsOf<T>(
  chunk: DuckDBDataChunk,
  types: readonly DuckDBType[],
  convert: (value: Parameters<Parameters<DuckDBDataChunk['convertRows']>[0]>[0]) => T,
): Generator<(T | null)[][]> {
  const { rowCount } = chunk;
  let bytes = 0;
  for (const [index, type] of types.entries())
    bytes += bytesOf(duckdb.data_chunk_get_vector(chunk.chunk, index), type, rowCount);
  if (bytes > MAX_CHUNK_BYTES)
    throw new UsageError(
      `the answer has values that are too large (${Math.round(bytes / 1e6)} MB in ${rowCount} rows); shorten them, for example with left(column, 1000)`,
    );
  const step = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, types.length)));
  for (let from = 0; from < rowCount; from += step) {
    const rows: (T | null)[][] = [];
    for (let row = from; row < Math.min(rowCount, from + step); row++)
      rows.push(chunk.convertRowValues(row, convert));
    yield rows;
  }
}

/** A lower bound on the size of a vector's values, without converting them. */
function bytesOf(vector: Vector, type: DuckDBType, count: number): number {
  if (type instanceof DuckDBListType || type instanceof DuckDBMapType) {
    const elements = duckdb.list_vector_get_size(vector);
    const child = duckdb.list_vector_get_child(vector);
    const own = elements * ELEMENT_BYTES;
    if (own > MAX_CHUNK_BYTES) return own;
    if (type instanceof DuckDBListType) return own + bytesOf(child, type.valueType, elements);
    return own + childrenBytes(child, [type.keyType, type.valueType], elements);
  }
  if (type instanceof DuckDBArrayType) {
    const elements = count * type.length;
    const own = elements * ELEMENT_BYTES;
    if (own > MAX_CHUNK_BYTES) return own;
    return own + bytesOf(duckdb.array_vector_get_child(vector), type.valueType, elements);
  }
  if (type instanceof DuckDBStructType) return childrenBytes(vector, type.entryTypes, count);
  // A union is a struct whose first member is the tag.
  if (type instanceof DuckDBUnionType)
    return type.memberTypes.reduce(
      (sum, member, index) => sum + bytesOf(duckdb.struct_vector_get_child(vector, index + 1), member, count),
      0,
    );
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR:
      return textBytes(vector, count);
    // As text, each byte of these takes up to this many characters.
    case DuckDBTypeId.BLOB:
    case DuckDBTypeId.GEOMETRY:
    case DuckDBTypeId.BIGNUM:
      return 4 * textBytes(vector, count);
    case DuckDBTypeId.BIT:
      return 8 * textBytes(vector, count);
    case DuckDBTypeId.VARIANT:
      throw new UsageError(
        'values of type VARIANT are not shown; cast them, for example with column::VARCHAR',
      );
    default:
      return 0;
  }
}

function childrenBytes(vector: Vector, types: readonly DuckDBType[], count: number): number {
  return types.reduce(
    (sum, type, index) =>
      sum + count * ELEMENT_BYTES + bytesOf(duckdb.struct_vector_get_child(vector, index), type, count),
    0,
  );
}

/**
 * The total length of texts. Each text has its length in the first 4 of its 16 bytes; for a null these may
 * contain anything.
 */
function textBytes(vector: Vector, count: number): number {
  if (count === 0) return 0;
  const data = duckdb.vector_get_data(vector, count * 16);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const validity = duckdb.vector_get_validity(vector, Math.ceil(count / 64) * 8) as Uint8Array | null;
  let bytes = 0;
  for (let index = 0; index < count; index++)
    if (validity === null || ((validity[index >> 3] ?? 0) & (1 << (index & 7))) !== 0)
      bytes += view.getUint32(index * 16, true);
  return bytes;
}
