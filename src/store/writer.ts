import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBTimestampNanosecondsValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { FailureError, messageOf } from '../lib/errors';
import type { Point } from '../metrics/point';
import {
  type Names,
  type Rejection,
  UNKNOWN_SERIES,
  emptyProblem,
  namesOf,
  tagProblem,
  timeProblem,
  valueProblem,
} from '../metrics/values';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import { takeEach } from '../metrics/take-each';
import type { Written } from './process/messages';
import { type Store, openStore } from './store';
import { storedTimes } from './stored-times';

/** Rows appended before the event loop gets a turn: 3 to 5 ms here. A chunk may hold 2,048. */
const CHUNK_ROWS = 1000;

interface Plan {
  readonly names: Names;
  /** Tag sets whose names were found right; points share one object per tag set. */
  readonly goodTags: WeakSet<Point['tags']>;
}

/**
 * What rows go through into a table. Made anew for each batch they held 32 MB more: a megabyte each for the widest tables,
 * which is freed when the garbage collector, that does not know of it, gets to it.
 */
interface TableWriter {
  readonly appender: DuckDBAppender;
  readonly chunk: DuckDBDataChunk;
}

/**
 * Writes points into the embedded store. A batch is one transaction: it is there as a whole or not at all, also after a
 * power cut, and a retry can't write a point twice.
 */
export class StoreWriter {
  private readonly plans = new Map<SeriesName, Plan>(
    SERIES_NAMES.map((name) => [name, { names: namesOf(name), goodTags: new WeakSet() }]),
  );
  /** After a fatal error (a checkpoint on a full disk) DuckDB refuses everything until the file is opened anew. */
  private broken = false;
  private opened: { readonly store: Store; readonly connection: DuckDBConnection } | undefined;
  private readonly tableWriters = new Map<SeriesName, TableWriter>();

  constructor(
    private readonly options: {
      readonly path: string;
      readonly filesIn?: string;
      readonly warn?: (message: string) => void;
    },
  ) {}

  /** The open store, for queries beside the writing. */
  get store(): Store {
    return this.require().store;
  }

  /** @throws FailureError as `openStore` does */
  async open(): Promise<void> {
    const { path, filesIn, warn } = this.options;
    const store = await openStore(path, { filesIn, warn });
    this.opened = { store, connection: await store.connect() };
  }

  /**
   * Commits points; resolves when they are on disk.
   * @throws what DuckDB says; nothing of the batch is stored then, or a second `write` of it finds what is
   */
  async write(points: readonly Point[]): Promise<Written> {
    const groups = new Map<SeriesName, Point[]>();
    const { taken, rejection } = takeEach(points, (point) => {
      const problem = this.problemOf(point);
      if (problem !== null) return problem;
      const group = groups.get(point.series);
      if (group === undefined) groups.set(point.series, [point]);
      else group.push(point);
      return null;
    });
    if (this.broken) await this.recover(groups);
    else if (points.some((point) => point.mayBeStored === true)) await this.removeStored(groups, mayBeStored);
    if (groups.size > 0) await this.transaction(groups);
    return { sent: taken, acked: taken, rejection };
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    this.closeTableWriters();
    await opened?.store.close();
  }

  private require(): { readonly store: Store; readonly connection: DuckDBConnection } {
    if (this.opened === undefined) throw new FailureError(`store ${this.options.path}: is not open`);
    return this.opened;
  }

  /** An appender that is not closed keeps the file open. */
  private closeTableWriters(): void {
    for (const { appender } of this.tableWriters.values()) {
      try {
        appender.closeSync();
      } catch {
        // It holds nothing: it was flushed or cleared. That the file is broken was reported when it was found.
      }
    }
    this.tableWriters.clear();
  }

  private problemOf(point: Point): Rejection | null {
    const { series, tags, fields, time } = point;
    const plan = this.plans.get(series);
    if (plan === undefined) return UNKNOWN_SERIES;
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
    this.closeTableWriters();
    await store.reopen();
    this.opened = { store, connection: await store.connect() };
    // A COMMIT that failed may have stored all the same.
    await this.removeStored(groups, () => true);
    this.broken = false;
  }

  /** Takes out those of the suspects that are stored already; no two points of a node and network share a time. */
  private async removeStored(
    groups: Map<SeriesName, Point[]>,
    isSuspect: (point: Point) => boolean,
  ): Promise<void> {
    for (const [series, points] of groups) {
      const stored = new Set<string>();
      for (const suspects of byNode(points.filter(isSuspect)))
        for (const key of await this.keysStored(series, suspects)) stored.add(key);
      if (stored.size > 0)
        groups.set(
          series,
          points.filter((point) => !isSuspect(point) || !stored.has(keyOf(point))),
        );
    }
  }

  /** The keys of those points of a node that are stored. */
  private async keysStored(series: SeriesName, points: readonly Point[]): Promise<string[]> {
    const [sample] = points;
    if (sample === undefined) return [];
    const { node = '', network = '' } = sample.tags;
    const times = points.map(({ time }) => time);
    const found = await storedTimes(this.require().connection, { series, node, network }, times);
    return found.map((time) => `${time}\0${node}\0${network}`);
  }

  private async transaction(groups: ReadonlyMap<SeriesName, readonly Point[]>): Promise<void> {
    const { connection, store } = this.require();
    try {
      await store.front.write(async () => {
        await connection.run('BEGIN');
        for (const [series, points] of groups) await this.append(connection, series, points);
        await store.front.noteLate(connection, groups);
        await connection.run('COMMIT');
      });
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
    const { appender, chunk } = await this.tableWriter(connection, series, layout.length);
    try {
      for (let start = 0; start < points.length; start += CHUNK_ROWS) {
        if (start > 0) await nextTurn();
        const rows = points.slice(start, start + CHUNK_ROWS);
        chunk.reset();
        chunk.setColumns(layout.map((name) => columnOf(name, names, rows)));
        appender.appendDataChunk(chunk);
      }
      appender.flushSync();
    } catch (error) {
      // An appender flushes when it is freed, which would be after the transaction's end.
      appender.clear();
      appender.closeSync();
      this.tableWriters.delete(series);
      throw error;
    }
  }

  private async tableWriter(
    connection: DuckDBConnection,
    series: SeriesName,
    columns: number,
  ): Promise<TableWriter> {
    let writer = this.tableWriters.get(series);
    if (writer === undefined) {
      const appender = await connection.createAppender(series);
      const types = Array.from({ length: columns }, (_, index) => appender.columnType(index));
      writer = { appender, chunk: DuckDBDataChunk.create(types) };
      this.tableWriters.set(series, writer);
    }
    return writer;
  }
}

function mayBeStored(point: Point): boolean {
  return point.mayBeStored === true;
}

function byNode(points: readonly Point[]): Iterable<readonly Point[]> {
  const nodes = new Map<string, Point[]>();
  for (const point of points) {
    const node = `${point.tags['node'] ?? ''}\0${point.tags['network'] ?? ''}`;
    const own = nodes.get(node);
    if (own === undefined) nodes.set(node, [point]);
    else own.push(point);
  }
  return nodes.values();
}

/** What no two points of a series share. */
function keyOf({ time, tags }: Point): string {
  return `${time}\0${tags['node'] ?? ''}\0${tags['network'] ?? ''}`;
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
