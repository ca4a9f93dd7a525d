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
 * The most that a chunk of at most 2,048 rows may cost to convert to JavaScript, in bytes of text. So many
 * bytes take 11 ms of processor time, and no other query is answered meanwhile. DuckDB makes large values
 * without copying them: `range(20000000)` is a single value, and its conversion takes 12 s and 4 GB.
 */
const MAX_CHUNK_COST = 16_000_000;

/** What an element of a list costs, which becomes an object: 80 to 500 ns. */
const ELEMENT_COST = 64;

/** What a byte of a BLOB costs, which becomes up to four characters one by one: 33 to 92 ns. */
const BLOB_BYTE_COST = 64;

/** What a byte of a bit string costs, which becomes eight characters: 376 ns. */
const BIT_BYTE_COST = 256;

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
  let cost = 0;
  for (const [index, type] of types.entries())
    cost += costOf(duckdb.data_chunk_get_vector(chunk.chunk, index), type, rowCount);
  if (cost > MAX_CHUNK_COST)
    throw new UsageError(
      `the answer has values that are too large, in ${rowCount} ${rowCount === 1 ? 'row' : 'rows'}; shorten them, for example with left(column, 1000)`,
    );
  const step = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, types.length)));
  for (let from = 0; from < rowCount; from += step) {
    const rows: (T | null)[][] = [];
    for (let row = from; row < Math.min(rowCount, from + step); row++)
      rows.push(chunk.convertRowValues(row, convert));
    yield rows;
  }
}

/** A lower bound on what a vector's values cost to convert, without converting them. */
function costOf(vector: Vector, type: DuckDBType, count: number): number {
  if (type instanceof DuckDBListType || type instanceof DuckDBMapType) {
    const elements = duckdb.list_vector_get_size(vector);
    const child = duckdb.list_vector_get_child(vector);
    const own = elements * ELEMENT_COST;
    if (own > MAX_CHUNK_COST) return own;
    if (type instanceof DuckDBListType) return own + costOf(child, type.valueType, elements);
    return own + childrenCost(child, [type.keyType, type.valueType], elements);
  }
  if (type instanceof DuckDBArrayType) {
    const elements = count * type.length;
    const own = elements * ELEMENT_COST;
    if (own > MAX_CHUNK_COST) return own;
    return own + costOf(duckdb.array_vector_get_child(vector), type.valueType, elements);
  }
  if (type instanceof DuckDBStructType) return childrenCost(vector, type.entryTypes, count);
  // A union is a struct whose first member is the tag.
  if (type instanceof DuckDBUnionType)
    return type.memberTypes.reduce(
      (sum, member, index) => sum + costOf(duckdb.struct_vector_get_child(vector, index + 1), member, count),
      0,
    );
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR:
      return textBytes(vector, count);
    case DuckDBTypeId.BLOB:
    case DuckDBTypeId.GEOMETRY:
    case DuckDBTypeId.BIGNUM:
      return BLOB_BYTE_COST * textBytes(vector, count);
    case DuckDBTypeId.BIT:
      return BIT_BYTE_COST * textBytes(vector, count);
    case DuckDBTypeId.VARIANT:
      throw new UsageError(
        'values of type VARIANT are not shown; cast them, for example with column::VARCHAR',
      );
    default:
      return 0;
  }
}

function childrenCost(vector: Vector, types: readonly DuckDBType[], count: number): number {
  return types.reduce(
    (sum, type, index) =>
      sum + count * ELEMENT_COST + costOf(duckdb.struct_vector_get_child(vector, index), type, count),
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
