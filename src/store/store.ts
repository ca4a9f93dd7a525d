import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { FailureError, messageOf } from '../errors';
import {
  COMMON_TAGS,
  SERIES_NAMES,
  type SeriesName,
  columnNames,
  seriesOf,
  tagNames,
} from '../metrics/schema';
import type { ColumnType } from '../metrics/schema-types';

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  int: 'BIGINT',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  string: 'VARCHAR',
};

/**
 * The embedded store: one DuckDB file with a table for each series. The first column of each table is `time`
 * (TIMESTAMP_NS, UTC), then the tags (VARCHAR, '' where a point lacks one, as InfluxDB treats a missing tag),
 * then the columns of the schema (NULL where not known).
 */
export interface Store {
  readonly path: string;
  /** A new connection; connections see each other's committed rows. */
  connect(): Promise<DuckDBConnection>;
  /** Writes everything into the file and lets go of it. */
  close(): void;
}

/**
 * Opens the store at `file`, creating it and its tables where `readOnly` is not set, and adding columns that the schema
 * has gained since.
 * @throws FailureError with one line that says what is wrong with the path or who holds the file
 */
export async function openStore(file: string, options: { readonly readOnly?: boolean } = {}): Promise<Store> {
  await checkPath(file, options.readOnly === true);
  let instance: DuckDBInstance;
  try {
    // Queries of strangers run on connections of this instance: none may reach other files or the network,
    // or lift these limits again.
    instance = await DuckDBInstance.create(file, {
      access_mode: options.readOnly === true ? 'READ_ONLY' : 'READ_WRITE',
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
  } catch (error) {
    throw new FailureError(explainOpen(file, messageOf(error)));
  }
  const store: Store = {
    path: file,
    connect: () => instance.connect(),
    close: () => {
      instance.closeSync();
    },
  };
  if (options.readOnly !== true) {
    try {
      await createTables(await store.connect());
    } catch (error) {
      instance.closeSync();
      throw new FailureError(`store ${file}: its tables can't be made: ${messageOf(error)}`);
    }
  }
  return store;
}

/** Names of a series' table columns in their order: `time`, the tags, the columns of the schema. */
export function tableColumns(series: SeriesName): readonly string[] {
  return ['time', ...tagNames(series), ...columnNames(series)];
}

async function createTables(connection: DuckDBConnection): Promise<void> {
  for (const name of SERIES_NAMES) {
    const { tags, columns } = seriesOf(name);
    const declarations = [
      ...[...Object.keys(COMMON_TAGS), ...Object.keys(tags)].map((tag) => `${quote(tag)} VARCHAR DEFAULT ''`),
      ...Object.entries(columns).map(([column, { type }]) => `${quote(column)} ${SQL_TYPES[type]}`),
    ];
    await connection.run(
      `CREATE TABLE IF NOT EXISTS ${quote(name)} (time TIMESTAMP_NS, ${declarations.join(', ')})`,
    );
    for (const declaration of declarations)
      await connection.run(`ALTER TABLE ${quote(name)} ADD COLUMN IF NOT EXISTS ${declaration}`);
  }
}

/** An SQL identifier, quoted. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

async function checkPath(file: string, mustExist: boolean): Promise<void> {
  const folder = path.dirname(path.resolve(file));
  const folderStat = await stat(folder).catch(() => null);
  if (folderStat === null) throw new FailureError(`store ${file}: the folder ${folder} does not exist`);
  if (!folderStat.isDirectory()) throw new FailureError(`store ${file}: ${folder} is not a folder`);
  const fileStat = await stat(file).catch(() => null);
  if (fileStat === null) {
    if (mustExist)
      throw new FailureError(`store ${file}: there is no such file; start btcdmon-node once to make it`);
    await access(folder, constants.W_OK).catch(() => {
      throw new FailureError(`store ${file}: the folder ${folder} is not writable`);
    });
  } else if (!fileStat.isFile()) {
    throw new FailureError(`store ${file}: not a file`);
  }
}

function explainOpen(file: string, message: string): string {
  const holder = /PID (\d+)/.exec(message)?.[1];
  if (/lock/i.test(message) && holder !== undefined)
    return `store ${file}: in use by process ${holder}; stop that one, or give this one another --data-dir`;
  if (/not a valid DuckDB database file/i.test(message))
    return `store ${file}: the file is not a DuckDB database; name another path or move it away`;
  return `store ${file}: can't be opened: ${message.split('\n')[0] ?? ''}`;
}
