import { stat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { BtcdmonError, FailureError, messageOf } from '../lib/errors';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import { QUERY_MEMORY, endConnection, limitFiles } from './instance';
import { damageOf, isLocked } from './open-errors';
import { quote } from './quote';
import { RollupFront } from './rollup-front';
import type { Store } from './store';
import { createPointsTable, tableColumns } from './series-tables';
import { type Layout, createProgressTables } from './tables';

/** The DuckDB file of a folder of `--export parquet:DIR` with the points that are in no Parquet file yet. */
const STAGING = 'staging.duckdb';

/** Its table of files that are complete but still have this behind their names. */
const PENDING = 'btcdmon_parquet';
const TEMPORARY = '.tmp';

/**
 * Opens a folder of `--export parquet:DIR` for reading: each series is a view on its files, and on the points
 * of the last hour where nobody is writing them. Damaged files are left out.
 * @param warn called with one line for each damaged file, and where the points of the last hour can't be read
 * @throws FailureError where there is no such folder, or nothing of ours in it
 */
export async function openParquetStore(directory: string, warn: (line: string) => void): Promise<Store> {
  const absolute = path.resolve(directory);
  const folders = await foldersIn(absolute);
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: QUERY_MEMORY,
  });
  try {
    const connection = await instance.connect();
    await createProgressTables(connection);
    const staged = await attachStaging(connection, absolute, warn);
    for (const series of SERIES_NAMES) {
      const parts: Parts = {
        files: folders.has(series) ? [path.join(absolute, series, '*.parquet')] : [],
        pending: (staged?.pending.get(series) ?? []).map((name) => path.join(absolute, series, name)),
        staged: staged?.layout.get(series),
      };
      await connection.run(createPointsTable(series, noneOf(series)));
      await makeView(connection, series, parts).catch(async (error: unknown) => {
        const whole = await wholeFiles(connection, path.join(absolute, series), warn);
        if (whole === null) throw error;
        const isWhole = (file: string): boolean => whole.includes(file);
        const files = whole.filter((file) => !parts.pending.includes(file) && file.endsWith('.parquet'));
        await makeView(connection, series, { ...parts, files, pending: parts.pending.filter(isWhole) });
      });
    }
    connection.closeSync();
    await limitFiles(instance, absolute);
  } catch (error) {
    instance.closeSync();
    if (error instanceof BtcdmonError) throw error;
    throw new FailureError(`parquet:${absolute}: can't be read: ${damageOf(absolute, messageOf(error))}`);
  }
  return new ParquetStore(absolute, instance);
}

class ParquetStore implements Store {
  readonly front = new RollupFront();
  readonly layout: Layout = new Map(SERIES_NAMES.map((series) => [series, tableColumns(series)]));
  private readonly connections = new Set<WeakRef<DuckDBConnection>>();

  constructor(
    readonly path: string,
    private readonly instance: DuckDBInstance,
  ) {}

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.instance.connect();
    for (const reference of this.connections)
      if (reference.deref() === undefined) this.connections.delete(reference);
    this.connections.add(new WeakRef(connection));
    return connection;
  }

  /** Only a writer makes tables. */
  makeTables(): Promise<void> {
    return Promise.reject(new FailureError(`parquet:${this.path}: is open for reading`));
  }

  /** It always has that memory. */
  lendMemory(): Promise<() => Promise<void>> {
    return Promise.resolve(() => Promise.resolve());
  }

  /** Only writes free memory. */
  returnFreed(): Promise<void> {
    return Promise.resolve();
  }

  /** Only a writer opens its store anew. */
  reopen(): Promise<void> {
    return Promise.reject(new FailureError(`parquet:${this.path}: is open for reading`));
  }

  async close(): Promise<void> {
    for (const reference of this.connections) {
      const connection = reference.deref();
      if (connection !== undefined) await endConnection(connection);
    }
    this.connections.clear();
    this.instance.closeSync();
  }
}

/** The series that have a folder with Parquet files. */
async function foldersIn(directory: string): Promise<ReadonlySet<string>> {
  const wrong = (reason: string): FailureError => new FailureError(`parquet:${directory}: ${reason}`);
  const names = await readdir(directory).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw wrong('there is no such folder; name that of --export parquet:DIR');
    if (code === 'ENOTDIR') throw wrong('is not a folder; name that of --export parquet:DIR');
    throw wrong(`can't be read: ${messageOf(error)}`);
  });
  const found = new Set<string>();
  for (const series of SERIES_NAMES) {
    if (!names.includes(series)) continue;
    const files = await readdir(path.join(directory, series)).catch(() => []);
    if (files.some((name) => name.endsWith('.parquet'))) found.add(series);
  }
  if (found.size === 0 && !names.includes(STAGING))
    throw wrong(
      'has no Parquet files of btcdmon-node (SERIES/HOUR.parquet); name that of --export parquet:DIR',
    );
  return found;
}

interface Staged {
  /** The columns of its tables. */
  readonly layout: Layout;
  /** Files that are complete under a temporary name, by series. */
  readonly pending: ReadonlyMap<string, readonly string[]>;
}

/** Opens the points that are in no file yet; null if there are none or they can't be read. */
async function attachStaging(
  connection: DuckDBConnection,
  directory: string,
  warn: (line: string) => void,
): Promise<Staged | null> {
  const file = path.join(directory, STAGING);
  if ((await stat(file).catch(() => null)) === null) return null;
  try {
    await connection.run(`ATTACH '${file.replaceAll("'", "''")}' AS staging (READ_ONLY)`);
  } catch (error) {
    const message = messageOf(error);
    const why = isLocked(message) ? 'a node is writing there' : damageOf(file, message);
    warn(`parquet:${directory}: ${why}; the points of the hours that have no files yet are missing here`);
    return null;
  }
  const layout = new Map<string, string[]>();
  const columns = await connection.runAndReadAll(
    `SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'staging' ORDER BY column_index`,
  );
  for (const [table = '', column = ''] of columns.getRows() as string[][])
    layout.set(table, [...(layout.get(table) ?? []), column]);
  const pending = new Map<string, string[]>();
  if (layout.has(PENDING)) {
    const noted = await connection.runAndReadAll(`SELECT series, name FROM staging.${PENDING}`);
    for (const [series = '', name = ''] of noted.getRows() as string[][]) {
      const named = `${name}${TEMPORARY}`;
      const there = await stat(path.join(directory, series, named)).catch(() => null);
      if (there !== null) pending.set(series, [...(pending.get(series) ?? []), named]);
    }
  }
  return { layout, pending };
}

/** The name of an empty table with all columns of a series. */
function noneOf(series: SeriesName): string {
  return `none_${series}`;
}

/**
 * The files of a series, complete or under a temporary name, that can be read; null where all can. Warns of
 * each other one.
 */
async function wholeFiles(
  connection: DuckDBConnection,
  folder: string,
  warn: (line: string) => void,
): Promise<readonly string[] | null> {
  const names = await readdir(folder).catch(() => []);
  const files = names
    .filter((name) => /\.parquet(\.tmp)?$/.test(name))
    .map((name) => path.join(folder, name));
  const whole: string[] = [];
  for (const file of files)
    try {
      await connection.run(`SELECT * FROM parquet_file_metadata('${file.replaceAll("'", "''")}')`);
      whole.push(file);
    } catch (error) {
      const [line = ''] = messageOf(error).split('\n');
      warn(`parquet:${file}: is left out, with all points of its hour: ${line}; restore it, or move it away`);
    }
  return whole.length === files.length ? null : whole;
}

interface Parts {
  readonly files: readonly string[];
  readonly pending: readonly string[];
  /** The columns of its staging table; undefined without one. */
  readonly staged: readonly string[] | undefined;
}

/**
 * Makes the view of a series. Files of an older version lack columns, which an empty table gives; what a
 * newer version added is left out.
 */
async function makeView(
  connection: DuckDBConnection,
  series: SeriesName,
  { files, pending, staged }: Parts,
): Promise<void> {
  const places = [...files, ...pending].map((file) => `'${file.replaceAll("'", "''")}'`);
  const parts = [`SELECT * FROM ${quote(noneOf(series))}`];
  if (places.length > 0)
    parts.push(
      `SELECT * FROM read_parquet([${places.join(', ')}], union_by_name = true, hive_partitioning = false)`,
    );
  if (staged !== undefined) parts.push(`SELECT * FROM staging.${quote(series)}`);
  const columns = tableColumns(series).map(quote).join(', ');
  await connection.run(
    `CREATE VIEW ${quote(series)} AS SELECT ${columns} FROM (${parts.join(' UNION ALL BY NAME ')})`,
  );
}
