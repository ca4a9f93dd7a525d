import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBTimestampNanosecondsValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { FailureError, messageOf } from '../errors';
import type { Point } from '../metrics/point';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import { type Store, openStore, quote } from '../store/store';
import type { Exporter, WriteResult } from './exporter';
import {
  type Names,
  type Rejection,
  emptyProblem,
  namesOf,
  tagProblem,
  timeProblem,
  valueProblem,
} from './values';

/** Rows appended before the event loop gets a turn: 3 to 5 ms here. A chunk may hold 2,048. */
const CHUNK_ROWS = 1000;

interface Plan {
  readonly names: Names;
  /** Tag sets whose names were found right; points share one object per tag set. */
  readonly goodTags: WeakSet<Point['tags']>;
}

/**
 * The embedded store as an exporter. A batch is one transaction: it is there as a whole or not at all, also after a
 * power cut, and a retry can't write a point twice. `acked` is what was committed.
 */
export class DuckDbExporter implements Exporter {
  readonly name = 'duckdb';
  private readonly plans = new Map<SeriesName, Plan>(
    SERIES_NAMES.map((name) => [name, { names: namesOf(name), goodTags: new WeakSet() }]),
  );
  /** After a fatal error (a checkpoint on a full disk) DuckDB refuses everything until the file is opened anew. */
  private broken = false;
  private opened: { readonly store: Store; readonly connection: DuckDBConnection } | undefined;

  constructor(private readonly options: { readonly path: string; readonly filesIn?: string }) {}

  /** The open store, for queries beside the writing. */
  get store(): Store {
    return this.require().store;
  }

  /** @throws FailureError as `openStore` does */
  async open(): Promise<void> {
    const store = await openStore(this.options.path, { filesIn: this.options.filesIn });
    this.opened = { store, connection: await store.connect() };
  }

  async write(points: readonly Point[]): Promise<WriteResult> {
    const groups = new Map<SeriesName, Point[]>();
    let rejected = 0;
    let rejection: string | undefined;
    for (const point of points) {
      const problem = this.problemOf(point);
      if (problem === null) {
        const group = groups.get(point.series);
        if (group === undefined) groups.set(point.series, [point]);
        else group.push(point);
      } else {
        rejected++;
        rejection = problem.detail;
      }
    }
    if (this.broken) await this.recover(groups);
    if (groups.size > 0) await this.transaction(groups);
    const sent = points.length - rejected;
    return { sent, acked: sent, rejected, rejection };
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await opened?.store.close();
  }

  private require(): { readonly store: Store; readonly connection: DuckDBConnection } {
    if (this.opened === undefined) throw new FailureError(`store ${this.options.path}: is not open`);
    return this.opened;
  }

  private problemOf(point: Point): Rejection | null {
    const { series, tags, fields, time } = point;
    const plan = this.plans.get(series);
    if (plan === undefined) return { reason: 'unknown column', detail: 'a series that the schema lacks' };
    const { names, goodTags } = plan;
    if (!goodTags.has(tags)) {
      const problem = tagProblem(series, tags, names);
      if (problem !== null) return problem;
      goodTags.add(tags);
    }
    let empty = true;
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined) continue;
      const problem = valueProblem(series, name, names.columns.get(name), value);
      if (problem !== null) return problem;
      empty = false;
    }
    return empty ? emptyProblem(series) : timeProblem(series, time);
  }

  private async recover(groups: Map<SeriesName, Point[]>): Promise<void> {
    const { store } = this.require();
    await store.reopen();
    this.opened = { store, connection: await store.connect() };
    await this.removeStored(groups);
    this.broken = false;
  }

  /** Takes out what a COMMIT stored although it failed; the times of points are unique. */
  private async removeStored(groups: Map<SeriesName, Point[]>): Promise<void> {
    for (const [series, points] of groups) {
      const reader = await this.require().connection.runAndReadAll(
        `SELECT epoch_ns(time) FROM ${quote(series)} WHERE epoch_ns(time) BETWEEN $1 AND $2`,
        [points[0]?.time ?? 0n, points.at(-1)?.time ?? 0n],
      );
      const stored = new Set(reader.getColumnsJS()[0]);
      groups.set(
        series,
        points.filter(({ time }) => !stored.has(time)),
      );
    }
  }

  private async transaction(groups: ReadonlyMap<SeriesName, readonly Point[]>): Promise<void> {
    const { connection } = this.require();
    try {
      await connection.run('BEGIN');
      for (const [series, points] of groups) await this.append(connection, series, points);
      await connection.run('COMMIT');
    } catch (error) {
      // A COMMIT that failed has rolled back already; the first error is the one to report.
      await connection.run('ROLLBACK').catch(() => undefined);
      this.broken = /FATAL|invalidated/.test(messageOf(error));
      throw error;
    }
  }

  private async append(
    connection: DuckDBConnection,
    series: SeriesName,
    points: readonly Point[],
  ): Promise<void> {
    const names = this.plans.get(series)?.names;
    // The table's order is not the schema's once a column was added to an older store.
    const layout = this.store.layout.get(series) ?? [];
    const appender = await connection.createAppender(series);
    try {
      const tableTypes = layout.map((_, index) => appender.columnType(index));
      for (let start = 0; start < points.length; start += CHUNK_ROWS) {
        if (start > 0) await nextTurn();
        const rows = points.slice(start, start + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create(tableTypes, rows.length);
        chunk.setColumns(layout.map((name) => columnOf(name, names, rows)));
        appender.appendDataChunk(chunk);
      }
    } catch (error) {
      // An appender flushes when it is freed, which would be after the transaction's end.
      appender.clear();
      throw error;
    } finally {
      appender.closeSync();
    }
  }
}

/** The values of one column of the table, which an older schema may have had and this one not. */
function columnOf(name: string, names: Names | undefined, rows: readonly Point[]): DuckDBValue[] {
  if (name === 'time') return rows.map((point) => new DuckDBTimestampNanosecondsValue(point.time));
  if (names?.tags.has(name) === true) return rows.map((point) => point.tags[name] ?? '');
  const isInt = names?.columns.get(name) === 'int';
  return rows.map((point) => {
    const value = point.fields[name];
    if (value === undefined) return null;
    return isInt ? BigInt(value) : value;
  });
}
