import type { DuckDBConnection } from '@duckdb/node-api';
import { FailureError } from '../lib/errors';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import { quote } from './quote';
import { rollupTable } from './rollup-columns';
import { LATE_TABLE, LATE_COLUMNS } from './rollup-front';
import { PROGRESS_TABLE, PROGRESS_COLUMNS } from './rollup-progress';
import { type DeclaredTable, createTable, declaration, tableColumns, tablesOf } from './series-tables';

/**
 * Version of the tables. It does not change with new series and columns, which are added where they are
 * missing. It grows when a program that knows only the old version would misread or spoil the new one.
 */
const STORE_VERSION = 2;

/**
 * Version 1 had no hours and ignored points that came after their minute was rolled up. It can be read as it
 * is, and is migrated before it is written.
 */
const OLDEST_VERSION = 1;

/** Table that marks a database as ours and holds its version. */
const META = 'btcdmon_meta';

/**
 * The columns of each table of a database in the table's order: those of the first schema, then those added
 * later.
 */
export type Layout = ReadonlyMap<string, readonly string[]>;

/** Reads the tables and columns of a database. */
export async function readLayout(connection: DuckDBConnection): Promise<Layout> {
  const reader = await connection.runAndReadAll(
    `SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()
     WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal
     GROUP BY table_name ORDER BY table_name`,
  );
  return new Map(reader.getRowsJS() as unknown as (readonly [string, readonly string[]])[]);
}

/**
 * Checks that a database with these tables is a store that this program understands, or is empty where
 * `mayBeEmpty` is set. Returns its version; for an empty one that of this program.
 * @throws FailureError
 */
export async function checkVersion(
  connection: DuckDBConnection,
  file: string,
  layout: Layout,
  mayBeEmpty: boolean,
): Promise<number> {
  if (layout.size === 0 && mayBeEmpty) return STORE_VERSION;
  if (!layout.has(META))
    throw new FailureError(
      `store ${file}: a DuckDB database, but not a store of btcdmon-node; name another path`,
    );
  const reader = await connection.runAndReadAll(`SELECT max(version) FROM ${META}`);
  const version = Number(reader.getRows()[0]?.[0] ?? 0);
  if (version < OLDEST_VERSION || version > STORE_VERSION)
    throw new FailureError(
      `store ${file}: has version ${version} of the tables, this btcdmon-node knows version ${STORE_VERSION}; ` +
        'use the btcdmon-node that wrote it, or name another path',
    );
  return version;
}

/**
 * Makes the tables that every store has, adds missing columns to the tables of series, drops tables of series
 * without a row, and migrates a store of `version` to this program's, all in one transaction. Returns whether
 * there was anything to do.
 */
export async function updateTables(
  connection: DuckDBConnection,
  layout: Layout,
  version: number,
): Promise<boolean> {
  const empty = await emptySeries(connection, layout);
  const kept = SERIES_NAMES.filter((series) => layout.has(series) && !empty.includes(series));
  return runAll(connection, [
    ...(layout.has(META)
      ? []
      : [`CREATE TABLE ${META} (version INTEGER)`, `INSERT INTO ${META} VALUES (${STORE_VERSION})`]),
    ...lacking(layout, PROGRESS_TABLES),
    ...kept.flatMap((series) => lacking(layout, tablesOf(series))),
    ...empty.flatMap((series) => namesIn(layout, series).map((table) => `DROP TABLE ${quote(table)}`)),
    ...(version < STORE_VERSION ? migration(kept) : []),
  ]);
}

/**
 * Makes the tables that a store lacks of these series. Returns whether it lacked any. A store has tables of
 * the series that have had a point, since each table takes memory while the store is open.
 */
export function makeTables(
  connection: DuckDBConnection,
  layout: Layout,
  names: readonly SeriesName[],
): Promise<boolean> {
  return runAll(
    connection,
    names.flatMap((series) => lacking(layout, tablesOf(series))),
  );
}

/** Makes the tables about the progress of rollups, without rows, for a store that has none. */
export async function createProgressTables(connection: DuckDBConnection): Promise<void> {
  for (const table of PROGRESS_TABLES) await connection.run(createTable(table));
}

/** The series with tables that lack columns which the schema has gained since. */
export function outdatedSeries(layout: Layout): readonly SeriesName[] {
  return SERIES_NAMES.filter((series) => {
    const present = layout.get(series);
    return present !== undefined && tableColumns(series).some((column) => !present.includes(column));
  });
}

/** The tables that tell of rollups. */
const PROGRESS_TABLES: readonly DeclaredTable[] = [
  [PROGRESS_TABLE, PROGRESS_COLUMNS],
  [LATE_TABLE, LATE_COLUMNS],
];

/**
 * Migrates from version 1: minutes whose points are still there are made anew in the background, and hours
 * begin with the first of these points.
 */
function migration(present: readonly SeriesName[]): readonly string[] {
  return [
    ...present.map(
      (series) =>
        `DELETE FROM ${quote(rollupTable(series))} WHERE "time" >=
         coalesce((SELECT raw_since FROM ${PROGRESS_TABLE} WHERE series = '${series}'), make_timestamp_ns(0))`,
    ),
    `UPDATE ${PROGRESS_TABLE} SET rolled_until = raw_since, hours_since = raw_since, hours_until = raw_since`,
    `UPDATE ${META} SET version = ${STORE_VERSION}`,
  ];
}

/** The statements that make the tables and columns that `layout` lacks. */
function lacking(layout: Layout, tables: readonly DeclaredTable[]): readonly string[] {
  return tables.flatMap((table) => {
    const [name, columns] = table;
    const found = layout.get(name);
    if (found === undefined) return [createTable(table)];
    const present = new Set(found);
    return [...columns]
      .filter(([column]) => !present.has(column))
      .map((column) => `ALTER TABLE ${quote(name)} ADD COLUMN ${declaration(column)}`);
  });
}

/** The series without a row in any of their tables: older versions made the tables of all series. */
async function emptySeries(connection: DuckDBConnection, layout: Layout): Promise<readonly SeriesName[]> {
  const reader = await connection.runAndReadAll(
    'SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND estimated_size > 0',
  );
  const filled = new Set(reader.getRows().map(([table]) => table));
  const empty: SeriesName[] = [];
  for (const series of SERIES_NAMES) {
    const tables = namesIn(layout, series);
    if (tables.length === 0 || tables.some((table) => filled.has(table))) continue;
    // DuckDB does not promise that number.
    const exact = await connection.runAndReadAll(
      tables.map((table) => `(SELECT 1 FROM ${quote(table)} LIMIT 1)`).join(' UNION ALL '),
    );
    if (exact.currentRowCount === 0) empty.push(series);
  }
  return empty;
}

/** The tables of a series that a database has. */
function namesIn(layout: Layout, series: SeriesName): readonly string[] {
  return tablesOf(series)
    .map(([table]) => table)
    .filter((table) => layout.has(table));
}

/** Runs statements as one transaction. Returns whether there were any. */
async function runAll(connection: DuckDBConnection, statements: readonly string[]): Promise<boolean> {
  if (statements.length > 0) await connection.run(['BEGIN', ...statements, 'COMMIT'].join('; '));
  return statements.length > 0;
}
