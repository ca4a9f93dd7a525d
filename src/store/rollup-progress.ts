import type { DuckDBConnection } from '@duckdb/node-api';
import type { SeriesName } from '../metrics/schema';
import { LATE_TABLE } from './rollup-front';

/** Table with a row for each series that was rolled up: how far, and until when its points were removed. */
export const PROGRESS_TABLE = 'btcdmon_rollups';

/** Its columns and their types. */
export const PROGRESS_COLUMNS: ReadonlyMap<string, string> = new Map([
  ['series', 'VARCHAR'],
  ['rolled_until', 'TIMESTAMP_NS'],
  ['raw_since', 'TIMESTAMP_NS'],
  ['hours_since', 'TIMESTAMP_NS'],
  ['hours_until', 'TIMESTAMP_NS'],
]);

/** How far a series was rolled up, in nanoseconds since the Unix epoch. */
export interface RollupProgress {
  /** Minutes before it are in their table. Null where none is. */
  readonly rolledUntil: bigint | null;
  /**
   * Points before it were removed and only rollups remain; a point with an earlier time came later and is in
   * no rollup. Null where none was removed.
   */
  readonly rawSince: bigint | null;
  /**
   * Hours from here on are in their tables; points before it were removed when there were no hours yet. Null
   * for all.
   */
  readonly hoursSince: bigint | null;
  /** Hours before it are in their tables. Null where none is. */
  readonly hoursUntil: bigint | null;
}

/** The progress of a series, and the hours whose rollups lack late points, which a query must not use. */
export interface SeriesProgress extends RollupProgress {
  /** Begins of hours in ascending order. */
  readonly late: readonly bigint[];
}

/** The progress of a series that was never rolled up. */
export const NO_PROGRESS: SeriesProgress = {
  rolledUntil: null,
  rawSince: null,
  hoursSince: null,
  hoursUntil: null,
  late: [],
};

/** Reads how far each series was rolled up, also in a store of an older version. */
export async function readAllProgress(
  connection: DuckDBConnection,
): Promise<ReadonlyMap<string, SeriesProgress>> {
  try {
    return await readOwn(connection);
  } catch (error) {
    // The tables are looked up only after an error: the look-up takes longer than all the rest.
    if (await hasTable(connection, LATE_TABLE)) throw error;
    return (await hasTable(connection, PROGRESS_TABLE)) ? readOld(connection) : new Map();
  }
}

async function readOwn(connection: DuckDBConnection): Promise<ReadonlyMap<string, SeriesProgress>> {
  const late = new Map<string, Set<bigint>>();
  const noted = await connection.runAndReadAll(
    `SELECT series, epoch_ns(hour) FROM ${LATE_TABLE} ORDER BY hour`,
  );
  for (const [series, hour] of noted.getRows() as [string, bigint][])
    late.set(series, (late.get(series) ?? new Set()).add(hour));
  const reader = await connection.runAndReadAll(
    `SELECT series, epoch_ns(rolled_until), epoch_ns(raw_since), epoch_ns(hours_since), epoch_ns(hours_until) FROM ${PROGRESS_TABLE}`,
  );
  return new Map(
    (reader.getRows() as [string, ...(bigint | null)[]][]).map(([series, ...times]) => {
      const [rolledUntil = null, rawSince = null, hoursSince = null, hoursUntil = null] = times;
      return [series, { rolledUntil, rawSince, hoursSince, hoursUntil, late: [...(late.get(series) ?? [])] }];
    }),
  );
}

/**
 * Version 1 had no hours and ignored late points: its minutes are right only where the points were removed.
 */
async function readOld(connection: DuckDBConnection): Promise<ReadonlyMap<string, SeriesProgress>> {
  const reader = await connection.runAndReadAll(`SELECT series, epoch_ns(raw_since) FROM ${PROGRESS_TABLE}`);
  return new Map(
    (reader.getRows() as [string, bigint | null][]).map(([series, since]) => [
      series,
      { rolledUntil: since, rawSince: since, hoursSince: since, hoursUntil: since, late: [] },
    ]),
  );
}

async function hasTable(connection: DuckDBConnection, name: string): Promise<boolean> {
  const reader = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = '${name}'`,
  );
  return reader.currentRowCount > 0;
}

/** Reads the progress of one series. */
export async function readProgress(
  connection: DuckDBConnection,
  series: SeriesName,
): Promise<SeriesProgress> {
  return (await readAllProgress(connection)).get(series) ?? NO_PROGRESS;
}

/** Writes the progress of a series; part of the transaction that makes it true. */
export async function writeProgress(
  connection: DuckDBConnection,
  series: SeriesName,
  { rolledUntil, rawSince, hoursSince, hoursUntil }: RollupProgress,
): Promise<void> {
  const times = [rolledUntil, rawSince, hoursSince, hoursUntil].map((ns) =>
    ns === null ? 'NULL' : `make_timestamp_ns(${ns})`,
  );
  await connection.run(`DELETE FROM ${PROGRESS_TABLE} WHERE series = $1`, [series]);
  await connection.run(
    `INSERT INTO ${PROGRESS_TABLE} (${[...PROGRESS_COLUMNS.keys()].join(', ')}) VALUES ($1, ${times.join(', ')})`,
    [series],
  );
}
