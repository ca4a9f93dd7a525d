import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { BtcdmonError, FailureError, messageOf } from '../lib/errors';
import type { SeriesName } from '../metrics/schema';
import {
  QUERY_MEMORY,
  addTables,
  checkpoint,
  createInstance,
  endConnection,
  forgetBlocks,
  limitFiles,
  prepare,
  removeTemporaryFiles,
  writerMemory,
} from './instance';
import { checkPath, damageOf } from './open-errors';
import { RollupFront } from './rollup-front';
import type { Layout } from './tables';
import { checkLogs, repairLogs } from './wal/repair';

export { tableColumns } from './series-tables';

/**
 * The embedded store: one DuckDB file with a table for each series that has had a point. The first column of
 * each table is `time` (TIMESTAMP_NS, UTC), then come the tags (VARCHAR, '' where a point lacks one, as
 * InfluxDB treats a missing tag), then the columns of the schema (NULL where not known). Columns that the
 * schema gained later are at the end.
 */
export interface Store {
  /** Absolute. */
  readonly path: string;
  /** The columns of each table in their order. It grows with `makeTables`. */
  readonly layout: Layout;
  /** Coordinates the writer of points with the one that rolls them up. */
  readonly front: RollupFront;
  /**
   * Opens a new connection; connections see each other's committed rows. The caller closes it with
   * `closeSync`; the store closes those that are left.
   */
  connect(): Promise<DuckDBConnection>;
  /**
   * Makes the tables of these series if they are missing. One caller at a time.
   * @throws DuckDB's error; then the file must be opened anew
   */
  makeTables(series: readonly SeriesName[]): Promise<void>;
  /** Lets DuckDB take the memory that queries need, until each function that it returned was called. */
  lendMemory(): Promise<() => Promise<void>>;
  /** Gives the system back the memory that DuckDB has freed and keeps for later. */
  returnFreed(): Promise<void>;
  /**
   * Closes the file and opens it anew, as DuckDB demands after a fatal error. All connections end. New
   * connections wait for it from the call on.
   * @param before runs first, on a connection that is there. If it fails, the file stays open
   */
  reopen(before?: () => Promise<unknown>): Promise<void>;
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
  /**
   * Whether a process of this program had the file open until now. Then its tables are not compared with the
   * schema again: that is three tenths of the processor time of an opening.
   */
  readonly isCurrent?: boolean | undefined;
  /** The one folder whose other files statements may read and write; none where it is left out. */
  readonly filesIn?: string | undefined;
  /** Told in one line of what was repaired. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Told how many points are lost at least where something was repaired. */
  readonly lost?: ((points: number) => void) | undefined;
}

/**
 * Opens the store at `file`. Unless `readOnly` is set it creates the file, adds columns that the schema has
 * gained since, and brings an older version to this one.
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
  layout: Layout;
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
  /** Settles when the file is not being opened anew. */
  private reopening: Promise<void> = Promise.resolve();
  /** Settles when no change of the limit runs. */
  private limiting: Promise<void> = Promise.resolve();
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
    const { warn = () => undefined, lost = () => undefined, isCurrent = false } = this.options;
    if (!readOnly) await repairLogs(file, { warn, lost });
    const instance = await createInstance(file, readOnly);
    try {
      // Nobody writes it now.
      if (readOnly) await checkLogs(file);
      await limitFiles(instance, this.options.filesIn);
      const { layout, changed } = await prepare(instance, file, { readOnly, isCurrent }, this.front);
      // The log then holds rows alone: tables that are lost with a damaged log would take all their rows
      // along.
      if (changed && !(await checkpoint(instance))) {
        instance.closeSync();
        await this.open();
        return;
      }
      const memory = readOnly ? QUERY_MEMORY : await writerMemory(instance);
      this.opened = { instance, layout, memory };
      if (!readOnly) await removeTemporaryFiles(file);
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
    await this.reopening;
    const connection = await this.require().instance.connect();
    for (const reference of this.connections)
      if (reference.deref() === undefined) this.connections.delete(reference);
    this.connections.add(new WeakRef(connection));
    return connection;
  }

  async makeTables(series: readonly SeriesName[]): Promise<void> {
    const opened = this.require();
    const missing = series.filter((name) => !opened.layout.has(name));
    if (missing.length === 0) return;
    opened.layout = await addTables(opened.instance, opened.layout, missing);
    // Queries may need them.
    this.limiting = this.limiting.then(() => (this.lent === 0 ? forgetBlocks(opened.instance) : undefined));
    await this.limitMemory();
  }

  async lendMemory(): Promise<() => Promise<void>> {
    await this.reopening;
    // Throws where the file could not be opened anew; nothing was lent then.
    this.require();
    this.lent++;
    if (this.lent === 1) await this.limitMemory();
    return async () => {
      this.lent--;
      // Where the file was closed meanwhile there is nothing to take back.
      if (this.lent === 0 && this.opened !== undefined) await this.limitMemory();
    };
  }

  // DuckDB flushes its allocator whenever its limit is set.
  async returnFreed(): Promise<void> {
    await this.limitMemory();
  }

  async reopen(before: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const opening = before()
      .then(() => this.release())
      .then(() => this.open());
    this.reopening = opening.catch(() => undefined);
    await opening;
  }

  async close(): Promise<void> {
    await this.release();
    openFiles.delete(this.identity);
    this.identity = '';
  }

  /**
   * Sets the limit of memory to that of this moment, one change after the other. DuckDB runs two changes in
   * any order, and the last one must win.
   */
  private limitMemory(): Promise<void> {
    this.limiting = this.limiting.then(() => this.setLimit());
    return this.limiting;
  }

  private async setLimit(): Promise<void> {
    // Where the file was closed meanwhile, its next opening sets the limit.
    if (this.opened === undefined) return;
    const { instance, memory } = this.opened;
    try {
      const connection = await instance.connect();
      try {
        await connection.run(`SET memory_limit = '${this.lent > 0 ? QUERY_MEMORY : memory}'`);
      } finally {
        connection.closeSync();
      }
    } catch {
      // More is in use now than the limit, or the file was closed; the end of the next query tries again.
    }
  }

  private async release(): Promise<void> {
    const instance = this.opened?.instance;
    this.opened = undefined;
    for (const reference of this.connections) {
      const connection = reference.deref();
      if (connection !== undefined) await endConnection(connection);
    }
    this.connections.clear();
    // The change uses another connection, and DuckDB would continue with a closed file.
    await this.limiting;
    instance?.closeSync();
  }

  private require(): Opened {
    if (this.opened === undefined) throw new FailureError(`store ${this.path}: is closed`);
    return this.opened;
  }
}
