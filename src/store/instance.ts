import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { FailureError, messageOf } from '../lib/errors';
import { explainOpen, isFatal, isLocked } from './open-errors';
import type { SeriesName } from '../metrics/schema';
import type { RollupFront } from './rollup-front';
import { readAllProgress } from './rollup-progress';
import { type Layout, checkVersion, makeTables, readLayout, updateTables } from './tables';
import { checkLogs } from './wal/repair';

/**
 * Size of the blocks of a new file, the least that DuckDB has. Each column of a table with rows since the
 * last checkpoint keeps one or two in memory: all series together took 237 MB with DuckDB's 256 KiB and 31 MB
 * with this, in the same time (scripts/soak.ts).
 */
const BLOCK_BYTES = 16_384;

/**
 * The oldest version of DuckDB that can read a new file. Files for older versions have 3 kB of statistics
 * for each column: to open a store of 99 tables took 22 MB instead of 2, and 96 ms of processor time
 * instead of 25. A file that was made earlier stays as it is.
 */
const READABLE_SINCE = 'v1.2.0';

/**
 * Memory for those rows and for cached blocks; DuckDB would take up to 80 % of the machine's. A file that was
 * made with larger blocks needs more.
 */
const WRITER_MEMORY = '64MB';
const LARGE_BLOCKS_WRITER_MEMORY = '640MB';

/**
 * Memory that cached blocks may keep after opening, in bytes: what opening reads is not needed again.
 */
const OPENED_BLOCKS = 1_000_000;

/**
 * Memory for queries while any run. What they need beyond it goes to a temporary file beside the store.
 */
export const QUERY_MEMORY = '1GB';

/**
 * The largest size of that file. DuckDB would fill nine tenths of the disk, which the node's points need too.
 */
const QUERY_DISK = '4GB';

/** How the names of DuckDB's temporary files begin. */
const TEMPORARY = 'duckdb_temp_';

/**
 * Opens the file.
 * @throws FailureError with one line that says why it can't be opened
 */
export async function createInstance(file: string, readOnly: boolean): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(file, {
      access_mode: readOnly ? 'READ_ONLY' : 'READ_WRITE',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      memory_limit: QUERY_MEMORY,
      max_temp_directory_size: QUERY_DISK,
      default_block_size: String(BLOCK_BYTES),
      storage_compatibility_version: READABLE_SINCE,
    });
  } catch (error) {
    const message = messageOf(error);
    if (readOnly && !isLocked(message)) await checkLogs(file);
    throw new FailureError(explainOpen(file, message));
  }
}

/**
 * Limits the files that statements can reach. Statements of strangers run on connections of this instance;
 * none may reach other files or the network, or lift the limits. DuckDB accepts the folder only before the
 * limit, so neither is among the options above.
 */
export async function limitFiles(instance: DuckDBInstance, folder: string | undefined): Promise<void> {
  const connection = await instance.connect();
  try {
    if (folder !== undefined) {
      const literal = `'${path.join(path.resolve(folder), '/').replaceAll("'", "''")}'`;
      await connection.run(`SET allowed_directories = [${literal}]`);
    }
    await connection.run('SET enable_external_access = false');
  } finally {
    connection.closeSync();
  }
}

/** The limit of memory of a process that writes the file while no query runs. */
export async function writerMemory(instance: DuckDBInstance): Promise<string> {
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll('SELECT block_size FROM pragma_database_size()');
    const size = Number(reader.getRows()[0]?.[0]);
    return size > BLOCK_BYTES ? LARGE_BLOCKS_WRITER_MEMORY : WRITER_MEMORY;
  } finally {
    connection.closeSync();
  }
}

/**
 * Makes DuckDB release blocks that it read: in a store with all series, 3,900 columns, they take 13 MB. Data
 * that is only in memory stays there.
 */
export async function forgetBlocks(instance: DuckDBInstance): Promise<void> {
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(
      `SELECT coalesce(sum(memory_usage_bytes), 0) FROM duckdb_memory() WHERE tag <> 'BASE_TABLE'`,
    );
    const others = Number(reader.getRows()[0]?.[0]);
    await connection.run(`SET memory_limit = '${Math.ceil((others + OPENED_BLOCKS) / 1024)}KiB'`);
  } catch {
    // More than that is in use; the limit that is set next applies.
  } finally {
    connection.closeSync();
  }
}

/**
 * Checks the version of a database that was opened, and updates its tables unless they are current. `changed`
 * says whether there was need.
 */
export async function prepare(
  instance: DuckDBInstance,
  file: string,
  { readOnly, isCurrent }: { readonly readOnly: boolean; readonly isCurrent: boolean },
  front: RollupFront,
): Promise<{ readonly layout: Layout; readonly changed: boolean }> {
  const connection = await instance.connect();
  try {
    const layout = await readLayout(connection);
    const version = await checkVersion(connection, file, layout, !readOnly);
    const changed = !readOnly && !isCurrent && (await updateTables(connection, layout, version));
    if (!readOnly) front.load(await readAllProgress(connection));
    return { layout: changed ? await readLayout(connection) : layout, changed };
  } finally {
    connection.closeSync();
  }
}

/**
 * Makes the missing tables of series, and returns the store's tables. They go into the file at once, so that
 * the log has only rows: if a damaged log lost a table, all of its rows would be lost too. While others
 * write, DuckDB postpones that.
 * @throws DuckDB's error, also if the disk has no room for them
 */
export async function addTables(
  instance: DuckDBInstance,
  layout: Layout,
  series: readonly SeriesName[],
): Promise<Layout> {
  const connection = await instance.connect();
  try {
    if (!(await makeTables(connection, layout, series))) return layout;
    await connection.run('CHECKPOINT').catch((error: unknown) => {
      if (isFatal(messageOf(error))) throw error;
    });
    return await readLayout(connection);
  } finally {
    connection.closeSync();
  }
}

/**
 * Writes the log into the file. Returns false where the disk has no room, after which DuckDB refuses
 * everything.
 */
export async function checkpoint(instance: DuckDBInstance): Promise<boolean> {
  const connection = await instance.connect();
  try {
    await connection.run('CHECKPOINT');
    return true;
  } catch {
    return false;
  } finally {
    connection.closeSync();
  }
}

/**
 * Interrupts the query that may run on a connection, then closes it: a connection that is closed during a
 * query lives as long as the query.
 */
export async function endConnection(connection: DuckDBConnection): Promise<void> {
  // DuckDB forgets an interruption that comes between two steps of a query.
  const again = setInterval(() => connection.interrupt(), 50);
  try {
    connection.interrupt();
    // Runs after the interrupted query has ended: a connection runs one statement at a time.
    await connection.run('SELECT 1');
  } catch {
    // Its owner has closed the connection, or the interruption hit this query.
  } finally {
    clearInterval(again);
  }
  connection.closeSync();
}

/**
 * Removes what queries of processes that were killed left in the folder beside the file. Only the process
 * that writes the file may do so, before its first query: DuckDB's lock then keeps all others out.
 */
export async function removeTemporaryFiles(file: string): Promise<void> {
  const folder = `${file}.tmp`;
  const names = await readdir(folder).catch(() => []);
  for (const name of names)
    if (name.startsWith(TEMPORARY)) await rm(path.join(folder, name), { force: true });
}
