import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryScheduler } from '../query/query-scheduler';
import { type Row, allRows } from '../query/result';
import { rollupTable } from '../store/rollup-columns';
import { msOf } from './encode';

/** Properties of a store that need no series to be chosen. */
export interface StoreExtent {
  /** Unix time in milliseconds of the first and the last point; null in an empty store. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  readonly nodes: readonly string[];
  readonly networks: readonly string[];
}

/**
 * Each node accounts for itself once an interval, from its first point to its last. So this series has all
 * times and nodes.
 */
const ACCOUNTS = 'btcdmon';

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
  private known: StoreExtent = { oldestMs: null, newestMs: null, nodes: [], networks: [] };
  private newest = 0n;
  private readonly nodes = new Set<string>();
  private readonly networks = new Set<string>();
  private looked = -Infinity;
  private looking: Promise<void> | null = null;

  constructor(private readonly scheduler: QueryScheduler) {}

  async get(): Promise<StoreExtent> {
    if (performance.now() - this.looked > FRESH_MS) {
      this.looking ??= this.look()
        .catch(() => undefined)
        .finally(() => {
          this.looked = performance.now();
          this.looking = null;
        });
      await Promise.race([this.looking, sleep(WAIT_MS, undefined, { ref: false })]);
    }
    return this.known;
  }

  private async look(): Promise<void> {
    const { scheduler } = this;
    const tables = [ACCOUNTS, rollupTable(ACCOUNTS)].filter((table) => scheduler.layout.has(table));
    if (tables.length === 0) return;
    const union = (sql: (table: string) => string): string =>
      tables.map((table) => `(${sql(table)})`).join(' UNION ALL ');
    // The ends are found by sorting. DuckDB then skips the blocks that can't contain them, which it does not
    // do for min and max.
    const end = (order: string): string =>
      union((table) => `SELECT time FROM ${table} ORDER BY time ${order} LIMIT 1`);
    const since = `make_timestamp_ns(${this.newest}::BIGINT)`;
    const who = union((table) => `SELECT DISTINCT node, network FROM ${table} WHERE time >= ${since}`);
    const limits = { kind: 'panel', timeoutMs: LOOK_MS, left: new AbortController().signal } as const;
    await scheduler.ask(limits, async (asked) => {
      const ask = async (raw: string): Promise<Row[]> => [
        ...(await allRows(await asked.answer({ raw, isOwn: true }))),
      ];
      const oldest = timeIn(await ask(`SELECT min(time) FROM (${end('ASC')})`));
      const newest = timeIn(await ask(`SELECT max(time) FROM (${end('DESC')})`));
      for (const [node, network] of await ask(who)) {
        if (typeof node === 'string' && node !== '') this.nodes.add(node);
        if (typeof network === 'string' && network !== '') this.networks.add(network);
      }
      if (newest !== null) this.newest = newest;
      this.known = {
        oldestMs: oldest === null ? null : msOf(oldest),
        newestMs: newest === null ? null : msOf(newest),
        nodes: [...this.nodes].sort(),
        networks: [...this.networks].sort(),
      };
    });
  }
}

function timeIn([row]: readonly Row[]): bigint | null {
  const value = row?.[0];
  return typeof value === 'bigint' ? value : null;
}
