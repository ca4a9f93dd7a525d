import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryScheduler } from '../query/query-scheduler';
import { type Row, allRows } from '../query/result';
import { type StoreNode, namesInOrder } from '../query/store-nodes';
import { rollupTable } from '../store/rollup-columns';
import { msOf } from './encode';

/** Properties of a store that need no series to be chosen. */
export interface StoreExtent {
  /** Whether the store has answered; before that nothing below is known. */
  readonly isKnown: boolean;
  /** Unix time in milliseconds of the first and the last point; null in an empty store. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** Names of the nodes, the watched ones first. */
  readonly nodes: readonly string[];
  readonly networks: readonly string[];
  /** The network of the newest point; null if it has none. */
  readonly newestNetwork: string | null;
  readonly all: readonly StoreNode[];
}

/**
 * Each node accounts for itself once an interval, from its first point to its last. So this series has all
 * times and nodes.
 */
const ACCOUNTS = 'btcdmon';

/** Series that only watched nodes have. Their accounts belong to the process that watches them. */
const WATCHED = ['node_status', 'tap'] as const;

/** How long the result is reused, in milliseconds. */
const FRESH_MS = 2_000;

/** How long a request waits for a new result, in milliseconds; a busy store takes longer. */
const WAIT_MS = 300;

const LOOK_MS = 10_000;

/**
 * Reads these properties of a store, only on request: the first time from all points, then only from new
 * ones. While the store is busy with queries, the previous result is used.
 */
export class StoreExtentReader {
  private known: StoreExtent = {
    ...{ isKnown: false, oldestMs: null, newestMs: null, nodes: [], networks: [], all: [] },
    newestNetwork: null,
  };
  private newest = 0n;
  private readonly nodes = new Map<string, StoreNode>();
  private looked = -Infinity;
  private looking: Promise<void> | null = null;

  constructor(private readonly scheduler: QueryScheduler) {}

  async get(): Promise<StoreExtent> {
    const looking = this.begin();
    if (looking !== null) await Promise.race([looking, sleep(WAIT_MS, undefined, { ref: false })]);
    return this.known;
  }

  /** The nodes. It waits for the first search, because before that none is known. */
  async allNodes(): Promise<readonly StoreNode[]> {
    const looking = this.begin();
    if (!this.known.isKnown) await looking;
    return this.known.all;
  }

  /** Begins a search if the result is old. Returns the running search; null if none runs. */
  private begin(): Promise<void> | null {
    if (performance.now() - this.looked > FRESH_MS)
      this.looking ??= this.look()
        .catch(() => undefined)
        .finally(() => {
          this.looked = performance.now();
          this.looking = null;
        });
    return this.looking;
  }

  private async look(): Promise<void> {
    const { scheduler } = this;
    const tables = [ACCOUNTS, rollupTable(ACCOUNTS)];
    const unionOf = (names: readonly string[], sql: (table: string) => string): string =>
      names.map((table) => `(${sql(table)})`).join(' UNION ALL ');
    const union = (sql: (table: string) => string): string => unionOf(tables, sql);
    // The ends are found by sorting. DuckDB then skips the blocks that can't contain them, which it does not
    // do for min and max.
    const end = (order: string): string =>
      union((table) => `SELECT time FROM ${table} ORDER BY time ${order} LIMIT 1`);
    const since = `make_timestamp_ns(${this.newest}::BIGINT)`;
    const who = (names: readonly string[], condition: string): string =>
      unionOf(
        names,
        (table) => `SELECT DISTINCT node, network FROM ${table} WHERE time >= ${since}${condition}`,
      );
    const watched = WATCHED.flatMap((series) => [series, rollupTable(series)]);
    const limits = { kind: 'panel', timeoutMs: LOOK_MS, left: new AbortController().signal } as const;
    await scheduler.ask(limits, async (asked) => {
      const ask = async (raw: string): Promise<Row[]> => [
        ...(await allRows(await asked.answer({ raw, isOwn: true }))),
      ];
      const oldest = timeIn(await ask(`SELECT min(time) FROM (${end('ASC')})`));
      const newest = timeIn(await ask(`SELECT max(time) FROM (${end('DESC')})`));
      const last = union(
        (table) => `SELECT time, network FROM ${table} WHERE network != '' ORDER BY time DESC LIMIT 1`,
      );
      const [network] = await ask(`SELECT network FROM (${last}) ORDER BY time DESC LIMIT 1`);
      // A process accounts for itself in points without the tags of its series and exporters. Points with
      // these tags also belong to watched nodes.
      this.add(await ask(who(tables, " AND series = '' AND exporter = ''")), false);
      this.add(await ask(who(watched, '')), true);
      if (newest !== null) this.newest = newest;
      const all = [...this.nodes.values()];
      this.known = {
        isKnown: true,
        oldestMs: oldest === null ? null : msOf(oldest),
        newestMs: newest === null ? null : msOf(newest),
        nodes: namesInOrder(all),
        networks: [...new Set(all.map(({ network }) => network))].filter((name) => name !== '').sort(),
        newestNetwork: typeof network?.[0] === 'string' ? network[0] : null,
        all,
      };
    });
  }

  private add(rows: readonly Row[], isWatched: boolean): void {
    for (const [node, network] of rows) {
      if (typeof node !== 'string' || node === '') continue;
      const known = { node, network: typeof network === 'string' ? network : '', isWatched };
      this.nodes.set(JSON.stringify(known), known);
    }
  }
}

function timeIn([row]: readonly Row[]): bigint | null {
  const value = row?.[0];
  return typeof value === 'bigint' ? value : null;
}
