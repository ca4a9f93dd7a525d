import type { DuckDBConnection } from '@duckdb/node-api';
import type { SeriesName } from '../metrics/schema';

/** Table with a row for each series that was rolled up: how far, and how far its points are gone. */
export const MARKS = 'btcdmon_rollups';

/** Its columns and their types. */
export const MARK_COLUMNS: ReadonlyMap<string, string> = new Map([
  ['series', 'VARCHAR'],
  ['rolled_until', 'TIMESTAMP_NS'],
  ['raw_since', 'TIMESTAMP_NS'],
]);

/** How far a series was rolled up, in nanoseconds since the Unix epoch. */
export interface Marks {
  /** Minutes before it are in the rollup table, but for points that came later than the grace. Null where none is. */
  readonly rolledUntil: bigint | null;
  /** Of the time before it only rollups remain; a point with an earlier time came after that, and is in none. Null for none. */
  readonly rawSince: bigint | null;
}

/** Reads how far a series was rolled up, also of a store whose version knew no rollups. */
export async function readMarks(connection: DuckDBConnection, series: SeriesName): Promise<Marks> {
  const tables = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = '${MARKS}'`,
  );
  if (tables.currentRowCount === 0) return { rolledUntil: null, rawSince: null };
  const reader = await connection.runAndReadAll(
    `SELECT epoch_ns(rolled_until), epoch_ns(raw_since) FROM ${MARKS} WHERE series = $1`,
    [series],
  );
  const [rolledUntil = null, rawSince = null] = (reader.getRows()[0] ?? []) as (bigint | null)[];
  return { rolledUntil, rawSince };
}

/** Writes the marks of a series; part of the transaction that made them true. */
export async function writeMarks(
  connection: DuckDBConnection,
  series: SeriesName,
  { rolledUntil, rawSince }: Marks,
): Promise<void> {
  const time = (ns: bigint | null): string => (ns === null ? 'NULL' : `make_timestamp_ns(${ns})`);
  await connection.run(`DELETE FROM ${MARKS} WHERE series = $1`, [series]);
  await connection.run(`INSERT INTO ${MARKS} VALUES ($1, ${time(rolledUntil)}, ${time(rawSince)})`, [series]);
}
