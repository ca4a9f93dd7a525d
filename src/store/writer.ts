import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { collectAll } from '../lib/collect-garbage';
import { FailureError, messageOf } from '../lib/errors';
import type { Point } from '../metrics/point';
import type { SeriesName } from '../metrics/schema';
import { type WriteResult, confirmed } from '../metrics/write-result';
import { TableAppender } from './append';
import type { SeriesColumns } from './columns';
import { encodePoints } from './encode';
import { isFatal } from './open-errors';
import { type Store, openStore } from './store';
import { withoutStored } from './unstored';

/**
 * Writes points into the embedded store. A batch is one transaction: it is stored as a whole or not at all,
 * also after a power cut, and a retry can't store a point twice.
 */
export class StoreWriter {
  /** What the next attempt must renew after one that failed. */
  private spoilt: 'nothing' | 'connection' | 'file' = 'nothing';
  private opened: { readonly store: Store; readonly connection: DuckDBConnection } | undefined;
  private readonly appenders = new Map<SeriesName, TableAppender>();
  /** Settles when the file is not being opened anew by `refresh`. */
  private refreshing: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: {
      readonly path: string;
      readonly filesIn?: string;
      /** See `StoreOptions`. */
      readonly isCurrent?: boolean;
      readonly warn?: (message: string) => void;
      /** Called with the least number of stored points that are lost, where a damaged file was repaired. */
      readonly lost?: (points: number) => void;
      /** Called before each COMMIT and before tables are made, which wait for the disk. */
      readonly committing?: () => void;
    },
  ) {}

  /** The open store, for queries beside the writes. */
  get store(): Store {
    return this.require().store;
  }

  /** Whether the file must be opened anew before the next attempt. */
  get mustReopen(): boolean {
    return this.spoilt === 'file';
  }

  /** @throws FailureError as `openStore` does */
  async open(): Promise<void> {
    const { path, filesIn, isCurrent, warn, lost } = this.options;
    const store = await openStore(path, { filesIn, isCurrent, warn, lost });
    this.opened = { store, connection: await store.connect() };
  }

  /**
   * Commits points; resolves when they are on disk.
   * @throws DuckDB's error; then either nothing of the batch is stored, or a second `write` finds that it is
   */
  async write(points: readonly Point[]): Promise<WriteResult> {
    const { groups, taken, rejection } = encodePoints(points);
    await this.writeColumns(groups, false);
    return confirmed(taken, rejection);
  }

  /**
   * Stores points as one transaction. Those that may be stored already are looked up first: all where
   * `mayBeStored` is set or the last attempt failed, else those that are marked so.
   */
  async writeColumns(groups: readonly SeriesColumns[], mayBeStored: boolean): Promise<void> {
    await this.refreshing;
    const all = mayBeStored || this.spoilt !== 'nothing';
    if (this.spoilt !== 'nothing') await this.renew();
    await this.makeTables(groups);
    const { connection } = this.require();
    const wanted: SeriesColumns[] = [];
    for (const group of groups)
      wanted.push(all || group.mayBeStored.length > 0 ? await withoutStored(connection, group, all) : group);
    this.spoilt = 'nothing';
    if (wanted.length > 0) await this.transaction(wanted);
  }

  /**
   * Writes the log into the file and opens the file anew, while nothing is written. DuckDB keeps in memory
   * the columns of all tables that it made or wrote, used or not: 16 kB and more for each that has new rows.
   * Of a file that it opens it reads what is used. If it fails, the next write opens the file and reports why
   * it can't.
   */
  refresh(): Promise<void> {
    if (this.spoilt === 'nothing')
      this.refreshing = this.checkpointAndRenew().catch(() => {
        this.spoilt = 'file';
      });
    return this.refreshing;
  }

  /**
   * Gives memory back while nothing is written: above all that of the appenders, whose chunks take a page or
   * more for each column.
   */
  async rest(): Promise<void> {
    this.closeAppenders();
    // Chunks are freed with the objects that refer to them, in a later turn.
    collectAll();
    await nextTurn();
    await this.opened?.store.returnFreed();
  }

  async close(): Promise<void> {
    await this.refreshing;
    const { opened } = this;
    this.opened = undefined;
    this.closeAppenders();
    await opened?.store.close();
  }

  private require(): { readonly store: Store; readonly connection: DuckDBConnection } {
    if (this.opened === undefined) throw new FailureError(`store ${this.options.path}: is not open`);
    return this.opened;
  }

  /** Makes the tables of series whose first points these are. */
  private async makeTables(groups: readonly SeriesColumns[]): Promise<void> {
    const { layout } = this.store;
    const missing = groups.map(({ series }) => series).filter((series) => !layout.has(series));
    if (missing.length === 0) return;
    this.options.committing?.();
    try {
      await this.store.makeTables(missing);
    } catch (error) {
      this.spoilt = 'file';
      throw error;
    }
  }

  private closeAppenders(): void {
    for (const appender of this.appenders.values()) appender.close();
    this.appenders.clear();
  }

  private async checkpointAndRenew(): Promise<void> {
    const { store, connection } = this.require();
    this.closeAppenders();
    // A question that comes meanwhile waits: else it would begin, and end with its connection.
    await store.reopen(() => connection.run('CHECKPOINT'));
    this.opened = { store, connection: await store.connect() };
  }

  private async renew(): Promise<void> {
    const { store, connection } = this.require();
    this.closeAppenders();
    if (this.mustReopen) await store.reopen();
    else connection.closeSync();
    this.opened = { store, connection: await store.connect() };
  }

  /**
   * Writes a batch as one transaction. If it fails, nothing of it may be stored by accident. An appender that
   * still has rows flushes them when it is freed, but it can't do so on a closed connection. A COMMIT can
   * fail although its rows are in the log already. So the file is opened anew, and memory and log agree
   * again. This is also necessary after a fatal error (a checkpoint on a full disk), because DuckDB then
   * refuses everything.
   */
  private async transaction(groups: readonly SeriesColumns[]): Promise<void> {
    const { connection, store } = this.require();
    const progress = { isCommitting: false };
    try {
      await store.front.write(async () => {
        await connection.run('BEGIN');
        for (const group of groups) await this.append(connection, group);
        await store.front.noteLate(connection, groups);
        progress.isCommitting = true;
        this.options.committing?.();
        await connection.run('COMMIT');
      });
    } catch (error) {
      this.spoilt = progress.isCommitting || isFatal(messageOf(error)) ? 'file' : 'connection';
      // Closing an appender flushes its rows. So it comes before ROLLBACK, which undoes that.
      this.closeAppenders();
      // A COMMIT that failed has rolled back already; the first error is the one to report.
      await connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  private async append(connection: DuckDBConnection, group: SeriesColumns): Promise<void> {
    const { series } = group;
    let appender = this.appenders.get(series);
    if (appender === undefined) {
      // The table's order is not the schema's once a column was added to an older store.
      const layout = this.store.layout.get(series) ?? [];
      appender = await TableAppender.create(connection, series, layout);
      this.appenders.set(series, appender);
    }
    await appender.append(group);
  }
}
