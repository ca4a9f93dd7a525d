import type { DuckDBConnection } from '@duckdb/node-api';
import { FailureError } from '../lib/errors';
import { SERIES_NAMES, type SeriesName, columnNames, seriesOf, tagNames } from '../metrics/schema';
import type { ColumnType } from '../metrics/schema-types';
import { quote } from './quote';
import { LATE_TABLE, LATE_COLUMNS } from './rollup-front';
import { rankColumns, rankedColumns, ranksTable } from './ranks';
import { rollupColumns, rollupTable } from './rollup-columns';
import { PROGRESS_TABLE, PROGRESS_COLUMNS } from './rollup-progress';

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

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  int: 'BIGINT',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  string: 'VARCHAR',
};

/**
 * The columns of each table of a database in the table's order: those of the first schema, then those added
 * later.
 */
export type Layout = ReadonlyMap<string, readonly string[]>;

/** Names of a series' table columns in the order of the schema: `time`, the tags, the columns. */
export function tableColumns(series: SeriesName): readonly string[] {
  return ['time', ...tagNames(series), ...columnNames(series)];
}

/** Reads the tables and columns of a database. */
export async function readLayout(connection: DuckDBConnection): Promise<Layout> {
  const reader = await connection.runAndReadAll(
    `SELECT table_name, column_name FROM duckdb_columns()
     WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal
     ORDER BY table_name, column_index`,
  );
  const layout = new Map<string, string[]>();
  for (const [table, column] of reader.getRows() as string[][]) {
    if (table === undefined || column === undefined) continue;
    layout.set(table, [...(layout.get(table) ?? []), column]);
  }
  return layout;
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
 * Makes the tables and columns that `layout` lacks and migrates a store of `version` to this program's, all
 * in one transaction. Returns whether there was anything to do.
 */
export async function createTables(
  connection: DuckDBConnection,
  layout: Layout,
  version: number,
): Promise<boolean> {
  const statements = layout.has(META)
    ? []
    : [`CREATE TABLE ${META} (version INTEGER)`, `INSERT INTO ${META} VALUES (${STORE_VERSION})`];
  for (const [table, columns] of declaredTables()) {
    const present = layout.get(table);
    if (present === undefined)
      statements.push(`CREATE TABLE ${quote(table)} (${[...columns].map(declaration).join(', ')})`);
    else
      for (const column of columns)
        if (!present.includes(column[0]))
          statements.push(`ALTER TABLE ${quote(table)} ADD COLUMN ${declaration(column)}`);
  }
  if (version < STORE_VERSION) statements.push(...migration());
  if (statements.length > 0) await connection.run(['BEGIN', ...statements, 'COMMIT'].join('; '));
  return statements.length > 0;
}

/** Makes the tables of rollups, without rows, for a store that has none. */
export async function createProgressTables(connection: DuckDBConnection): Promise<void> {
  for (const [table, columns] of PROGRESS_TABLES)
    await connection.run(`CREATE TABLE ${quote(table)} (${[...columns].map(declaration).join(', ')})`);
}

/** The statement that makes an empty table named `table` with the columns of a series. */
export function emptyTable(series: SeriesName, table: string): string {
  return `CREATE TABLE ${quote(table)} (${[...seriesColumns(series)].map(declaration).join(', ')})`;
}

/** The tables that tell of rollups. */
const PROGRESS_TABLES: readonly (readonly [string, ReadonlyMap<string, string>])[] = [
  [PROGRESS_TABLE, PROGRESS_COLUMNS],
  [LATE_TABLE, LATE_COLUMNS],
];

/** The columns of every table of a series that come first: the time and the tags. */
function headOf(series: SeriesName): readonly (readonly [string, string])[] {
  return [['time', 'TIMESTAMP_NS'], ...tagNames(series).map((tag) => [tag, "VARCHAR DEFAULT ''"] as const)];
}

/** The columns of the table of a series, with their SQL types. */
function seriesColumns(series: SeriesName): ReadonlyMap<string, string> {
  const { columns } = seriesOf(series);
  const declared = Object.entries(columns).map(([name, { type }]) => [name, SQL_TYPES[type]] as const);
  return new Map([...headOf(series), ...declared]);
}

/**
 * Migrates from version 1: minutes whose points are still there are made anew in the background, and hours
 * begin with the first of these points.
 */
function migration(): readonly string[] {
  return [
    ...SERIES_NAMES.map(
      (series) =>
        `DELETE FROM ${quote(rollupTable(series))} WHERE "time" >=
         coalesce((SELECT raw_since FROM ${PROGRESS_TABLE} WHERE series = '${series}'), make_timestamp_ns(0))`,
    ),
    `UPDATE ${PROGRESS_TABLE} SET rolled_until = raw_since, hours_since = raw_since, hours_until = raw_since`,
    `UPDATE ${META} SET version = ${STORE_VERSION}`,
  ];
}

/** Every table except META, with the SQL types of its columns. */
function* declaredTables(): Generator<[string, ReadonlyMap<string, string>]> {
  for (const series of SERIES_NAMES) {
    const head = headOf(series);
    yield [series, seriesColumns(series)];
    for (const unit of ['minute', 'hour'] as const)
      yield [
        rollupTable(series, unit),
        new Map([...head, ...rollupColumns(series, unit).map(({ name, type }) => [name, type] as const)]),
      ];
    if (rankedColumns(series).length > 0)
      yield [ranksTable(series), new Map([...head, ...rankColumns(series)])];
  }
  for (const [table, columns] of PROGRESS_TABLES) yield [table, columns];
}

function declaration([name, type]: readonly [string, string]): string {
  return `${quote(name)} ${type}`;
}
