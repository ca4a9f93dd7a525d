import type { DuckDBConnection } from '@duckdb/node-api';
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
 * Writes points into the embedded store. A batch is one transaction: it is there as a whole or not at all,
 * also after a power cut, and a retry can't write a point twice.
 */
export class StoreWriter {
  /**
   * After a fatal error (a checkpoint on a full disk) DuckDB refuses everything until the file is opened
   * anew.
   */
  private broken = false;
  private opened: { readonly store: Store; readonly connection: DuckDBConnection } | undefined;
  private readonly appenders = new Map<SeriesName, TableAppender>();

  constructor(
    private readonly options: {
      readonly path: string;
      readonly filesIn?: string;
      readonly warn?: (message: string) => void;
      /** Told how many points are lost at least that were stored, where a damaged file was repaired. */
      readonly lost?: (points: number) => void;
    },
  ) {}

  /** The open store, for queries beside the writing. */
  get store(): Store {
    return this.require().store;
  }

  /** @throws FailureError as `openStore` does */
  async open(): Promise<void> {
    const { path, filesIn, warn, lost } = this.options;
    const store = await openStore(path, { filesIn, warn, lost });
    this.opened = { store, connection: await store.connect() };
  }

  /**
   * Commits points; resolves when they are on disk.
   * @throws what DuckDB says; nothing of the batch is stored then, or a second `write` of it finds what is
   */
  async write(points: readonly Point[]): Promise<WriteResult> {
    const { groups, taken, rejection } = encodePoints(points);
    await this.writeColumns(groups, false);
    return confirmed(taken, rejection);
  }

  /**
   * Stores points as one transaction. All of them are looked for first where `mayBeStored` is set, else those
   * that say so themselves.
   */
  async writeColumns(groups: readonly SeriesColumns[], mayBeStored: boolean): Promise<void> {
    let all = mayBeStored;
    if (this.broken) {
      await this.recover();
      // A COMMIT that failed may have stored all the same.
      all = true;
    }
    const { connection } = this.require();
    const wanted: SeriesColumns[] = [];
    for (const group of groups)
      wanted.push(all || group.mayBeStored.length > 0 ? await withoutStored(connection, group, all) : group);
    this.broken = false;
    if (wanted.length > 0) await this.transaction(wanted);
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    this.closeAppenders();
    await opened?.store.close();
  }

  private require(): { readonly store: Store; readonly connection: DuckDBConnection } {
    if (this.opened === undefined) throw new FailureError(`store ${this.options.path}: is not open`);
    return this.opened;
  }

  private closeAppenders(): void {
    for (const appender of this.appenders.values()) appender.close();
    this.appenders.clear();
  }

  private async recover(): Promise<void> {
    const { store } = this.require();
    this.closeAppenders();
    await store.reopen();
    this.opened = { store, connection: await store.connect() };
  }

  private async transaction(groups: readonly SeriesColumns[]): Promise<void> {
    const { connection, store } = this.require();
    try {
      await store.front.write(async () => {
        await connection.run('BEGIN');
        for (const group of groups) await this.append(connection, group);
        await store.front.noteLate(connection, groups);
        await connection.run('COMMIT');
      });
    } catch (error) {
      // Whatever an appender still holds is flushed by closing it: before ROLLBACK, which takes it away.
      this.closeAppenders();
      // A COMMIT that failed has rolled back already; the first error is the one to report.
      await connection.run('ROLLBACK').catch(() => undefined);
      this.broken = isFatal(messageOf(error));
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
