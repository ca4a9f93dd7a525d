import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { diskProblem } from '../lib/disk-errors';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import { expire, rollUp } from './rollup';
import type { Store } from './store';

/**
 * How often points are rolled up and old points are removed, in milliseconds. Queries read the points of what
 * is not rolled up yet.
 */
const PASS_MS = 600_000;

/** How long after its end a minute is rolled up, in nanoseconds. Its points need some time to arrive. */
const GRACE_NS = 60_000_000_000n;

/**
 * The order in which series are worked on. The accounts of nodes go first: an audit begins with the first
 * account that is left, so every point since then is still there while old points are being removed.
 */
const ORDER: readonly SeriesName[] = ['btcdmon', ...SERIES_NAMES.filter((name) => name !== 'btcdmon')];

export interface RetentionOptions {
  /** Age, in milliseconds, at which a point is removed and only its rollups remain; null for never. */
  readonly keepMs: number | null;
  /** Default 600,000. */
  readonly passMs?: number;
}

export interface RetentionModules {
  /** Holds the store. The store is read from here at each pass, because it may have been reopened. */
  readonly holder: { readonly store: Store };
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
  readonly warn: (message: string) => void;
  /** Called at the end of a pass that wrote rollups. */
  readonly rolledUp?: () => void;
}

/** The background work on a store. */
export interface Retention {
  /** Whether no pass runs. */
  readonly isResting: boolean;
  /** Ends the work. A running transaction is rolled back. */
  stop(): Promise<void>;
}

/**
 * Rolls the points of a store up by minute and hour, and removes those that are older than `keepMs`. It has a
 * connection of its own and takes a series and an hour in one transaction, so that writing and queries go on
 * meanwhile. After each transaction it rests for as long as that took, so that a store with months to roll up
 * leaves the machine to others. A failure is logged as a warning, and the work is tried again.
 */
export function keepRetention(options: RetentionOptions, modules: RetentionModules): Retention {
  const { keepMs, passMs = PASS_MS } = options;
  const { holder, nowMs, warn } = modules;
  const stopping = new AbortController();
  const state: { connection?: DuckDBConnection | undefined; complaint: string; isResting: boolean } = {
    ...{ complaint: '', isResting: true },
  };

  const pass = async (): Promise<void> => {
    const now = BigInt(Math.floor(nowMs())) * 1_000_000n;
    let takeBack: (() => Promise<void>) | undefined;
    let steps = 0;
    state.isResting = false;
    try {
      const { store } = holder;
      // The rollups of an hour need more memory than the writer has.
      takeBack = await store.lendMemory();
      const connection = (state.connection = await store.connect());
      const rested = pacer(stopping.signal);
      const mayGoOn = (): Promise<boolean> => {
        steps++;
        return rested();
      };
      let removed = 0;
      for (const series of ORDER) {
        if (!store.layout.has(series)) continue;
        if (keepMs !== null)
          removed += await expire(connection, series, now - BigInt(keepMs) * 1_000_000n, mayGoOn);
        await rollUp({ connection, front: store.front, mayGoOn }, series, now - GRACE_NS);
      }
      // After a checkpoint DuckDB reuses the space of removed points. It refuses one while others write, and
      // makes one itself later.
      if (removed > 0) await connection.run('CHECKPOINT').catch(() => undefined);
      state.complaint = '';
    } catch (error) {
      const complaint = `retention: a pass failed and is tried again: ${diskProblem(error)}`;
      if (complaint !== state.complaint && !stopping.signal.aborted) warn(complaint);
      state.complaint = complaint;
    } finally {
      state.connection?.closeSync();
      state.connection = undefined;
      await takeBack?.();
      state.isResting = true;
      if (steps > 0) modules.rolledUp?.();
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await pass();
      await rest(passMs, stopping.signal);
    }
  };
  const running = run();
  return {
    get isResting() {
      return state.isResting;
    },
    stop: async () => {
      stopping.abort();
      // The running transaction is rolled back; the next start does that work. The interruption is repeated:
      // DuckDB forgets one that comes between two steps.
      const again = setInterval(() => state.connection?.interrupt(), 50);
      state.connection?.interrupt();
      await running;
      clearInterval(again);
    },
  };
}

/**
 * Waits before each piece of work for as long as the last one took. Resolves to false once `signal` is
 * aborted.
 */
function pacer(signal: AbortSignal): () => Promise<boolean> {
  let begun: number | undefined;
  return async () => {
    if (begun !== undefined) await rest(performance.now() - begun, signal);
    begun = performance.now();
    return !signal.aborted;
  };
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
