import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { BtcdmonError, FailureError, messageOf } from '../lib/errors';
import { checkPath, damageOf, explainOpen, isLocked } from './open-errors';
import { RollupFront } from './rollup-front';
import { readAllProgress } from './rollup-progress';
import { checkLogs, repairLogs } from './wal/repair';
import { type Layout, checkVersion, createTables, readLayout } from './tables';

export { tableColumns } from './tables';

/**
 * Size of the blocks of a new file, the least that DuckDB has. Each column of a table with rows since the
 * last checkpoint keeps one or two in memory: all series together took 237 MB with DuckDB's 256 KiB and 31 MB
 * with this, in the same time (scripts/soak.ts).
 */
const BLOCK_BYTES = 16_384;

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
const QUERY_MEMORY = '1GB';

/**
 * The largest size of that file. DuckDB would fill nine tenths of the disk, which the node's points need too.
 */
const QUERY_DISK = '4GB';

/**
 * The embedded store: one DuckDB file with a table for each series. The first column of each table is `time`
 * (TIMESTAMP_NS, UTC), then the tags (VARCHAR, '' where a point lacks one, as InfluxDB treats a missing tag),
 * then the columns of the schema (NULL where not known); columns that the schema gained later are at the end.
 */
export interface Store {
  /** Absolute. */
  readonly path: string;
  /** The columns of each table in their order. */
  readonly layout: Layout;
  /** Coordinates the writer of points with the one that rolls them up. */
  readonly front: RollupFront;
  /**
   * Opens a new connection; connections see each other's committed rows. The caller closes it with
   * `closeSync`; the store closes those that are left.
   */
  connect(): Promise<DuckDBConnection>;
  /** Lets DuckDB take the memory that queries need, until each function that it returned was called. */
  lendMemory(): Promise<() => Promise<void>>;
  /** Closes the file and opens it anew, as DuckDB demands after a fatal error. All connections end. */
  reopen(): Promise<void>;
  /** Interrupts running queries, writes everything into the file and closes it. */
  close(): Promise<void>;
}

/**
 * Files that this process has open, by device and inode. DuckDB's lock excludes other processes, but not a
 * second opening in this one, by another `--export` or another name.
 */
const openFiles = new Set<string>();

/** How a store is opened. */
export interface StoreOptions {
  readonly readOnly?: boolean;
  /** The one folder whose other files statements may read and write; none where it is left out. */
  readonly filesIn?: string | undefined;
  /** Told in one line of what was repaired. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Told how many points are lost at least where something was repaired. */
  readonly lost?: ((points: number) => void) | undefined;
}

/**
 * Opens the store at `file`. Unless `readOnly` is set it creates the file and its tables, adds columns that
 * the schema has gained since, and brings an older version to this one.
 * @throws FailureError with one line that says what is wrong with the path or who holds the file
 */
export async function openStore(file: string, options: StoreOptions = {}): Promise<Store> {
  const readOnly = options.readOnly === true;
  const absolute = path.resolve(file);
  await checkPath(absolute, readOnly);
  if (openFiles.has(await identityOf(absolute)))
    throw new FailureError(`store ${absolute}: is open in this process already`);
  const store = new DuckDbStore(absolute, readOnly, options);
  await store.open();
  return store;
}

async function identityOf(file: string): Promise<string> {
  const { dev, ino } = await stat(file, { bigint: true }).catch(() => ({ dev: 0n, ino: 0n }));
  return `${dev}:${ino}`;
}

interface Opened {
  readonly instance: DuckDBInstance;
  readonly layout: Layout;
  /** The limit of memory where no query runs. */
  readonly memory: string;
}

class DuckDbStore implements Store {
  private opened: Opened | undefined;
  /** Its entry in `openFiles`. */
  private identity = '';
  /**
   * Open connections, which keep the file open. Weak references, so that one that its owner closed can be
   * freed.
   */
  private readonly connections = new Set<WeakRef<DuckDBConnection>>();
  /** How often memory is lent at this moment. */
  private lent = 0;
  readonly front = new RollupFront();

  constructor(
    readonly path: string,
    private readonly readOnly: boolean,
    private readonly options: Omit<StoreOptions, 'readOnly'>,
  ) {}

  get layout(): Layout {
    return this.require().layout;
  }

  async open(): Promise<void> {
    const { path: file, readOnly } = this;
    const { warn = () => undefined, lost = () => undefined } = this.options;
    if (!readOnly) await repairLogs(file, { warn, lost });
    const instance = await createInstance(file, readOnly);
    try {
      // Nobody writes it now.
      if (readOnly) await checkLogs(file);
      await limitFiles(instance, this.options.filesIn);
      const { layout, changed } = await prepare(instance, file, readOnly, this.front);
      // The log then holds rows alone: tables that are lost with a damaged log would take all their rows
      // along.
      if (changed && !(await checkpoint(instance))) {
        instance.closeSync();
        await this.open();
        return;
      }
      const memory = readOnly ? QUERY_MEMORY : await writerMemory(instance);
      this.opened = { instance, layout, memory };
      if (!readOnly) await forgetBlocks(instance);
      await this.limitMemory();
    } catch (error) {
      instance.closeSync();
      if (error instanceof BtcdmonError) throw error;
      throw new FailureError(
        `store ${file}: its tables can't be made or read: ${damageOf(file, messageOf(error))}`,
      );
    }
    this.identity = await identityOf(file);
    openFiles.add(this.identity);
  }

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.require().instance.connect();
    for (const reference of this.connections)
      if (reference.deref() === undefined) this.connections.delete(reference);
    this.connections.add(new WeakRef(connection));
    return connection;
  }

  async lendMemory(): Promise<() => Promise<void>> {
    // Throws while the file is opened anew; nothing was lent then.
    this.require();
    this.lent++;
    if (this.lent === 1) await this.limitMemory();
    return async () => {
      this.lent--;
      // Where the file was closed meanwhile there is nothing to take back.
      if (this.lent === 0 && this.opened !== undefined) await this.limitMemory();
    };
  }

  async reopen(): Promise<void> {
    await this.release();
    await this.open();
  }

  async close(): Promise<void> {
    await this.release();
    openFiles.delete(this.identity);
    this.identity = '';
  }

  private async limitMemory(): Promise<void> {
    const { instance, memory } = this.require();
    const connection = await instance.connect();
    try {
      await connection.run(`SET memory_limit = '${this.lent > 0 ? QUERY_MEMORY : memory}'`);
    } catch {
      // More is in use now than the limit; the end of the next query tries again.
    } finally {
      connection.closeSync();
    }
  }

  private async release(): Promise<void> {
    const instance = this.opened?.instance;
    this.opened = undefined;
    for (const reference of this.connections) {
      const connection = reference.deref();
      if (connection !== undefined) await end(connection);
    }
    this.connections.clear();
    instance?.closeSync();
  }

  private require(): Opened {
    if (this.opened === undefined) throw new FailureError(`store ${this.path}: is closed`);
    return this.opened;
  }
}

async function createInstance(file: string, readOnly: boolean): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(file, {
      access_mode: readOnly ? 'READ_ONLY' : 'READ_WRITE',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      memory_limit: QUERY_MEMORY,
      max_temp_directory_size: QUERY_DISK,
      default_block_size: String(BLOCK_BYTES),
    });
  } catch (error) {
    const message = messageOf(error);
    if (readOnly && !isLocked(message)) await checkLogs(file);
    throw new FailureError(explainOpen(file, message));
  }
}

/**
 * Limits what statements may reach: those of strangers run on connections of this instance, and none may
 * reach other files or the network, or lift the limits. DuckDB accepts the folder only before the limit, so
 * neither is among the options above.
 */
async function limitFiles(instance: DuckDBInstance, folder: string | undefined): Promise<void> {
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

async function writerMemory(instance: DuckDBInstance): Promise<string> {
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
 * Makes DuckDB free blocks that it read: those of an empty store, which has 3,900 columns, take 13 MB. What
 * is only in memory stays there.
 */
async function forgetBlocks(instance: DuckDBInstance): Promise<void> {
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

async function prepare(
  instance: DuckDBInstance,
  file: string,
  readOnly: boolean,
  front: RollupFront,
): Promise<{ readonly layout: Layout; readonly changed: boolean }> {
  const connection = await instance.connect();
  try {
    const layout = await readLayout(connection);
    const version = await checkVersion(connection, file, layout, !readOnly);
    const changed = !readOnly && (await createTables(connection, layout, version));
    if (!readOnly) front.load(await readAllProgress(connection));
    return { layout: changed ? await readLayout(connection) : layout, changed };
  } finally {
    connection.closeSync();
  }
}

/**
 * Writes the log into the file. Returns false where the disk has no room, after which DuckDB refuses
 * everything.
 */
async function checkpoint(instance: DuckDBInstance): Promise<boolean> {
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
async function end(connection: DuckDBConnection): Promise<void> {
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
