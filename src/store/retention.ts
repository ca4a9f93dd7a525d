import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../errors';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import { expire, rollUp } from './rollup';
import type { Store } from './store';

/** How often minutes are rolled up and old points looked for, in milliseconds. */
const PASS_MS = 60_000;

/** How long a point may take from its time to the store until a minute is rolled up without it, in nanoseconds. */
const GRACE_NS = 60_000_000_000n;

/**
 * The accounts of nodes go first: an audit begins with the first account that is left, and then every point since is there, also
 * while old points are being removed.
 */
const ORDER: readonly SeriesName[] = ['btcdmon', ...SERIES_NAMES.filter((name) => name !== 'btcdmon')];

export interface RetentionOptions {
  /** Age, in milliseconds, at which a point is removed and only its minute's rollup stays. */
  readonly keepMs: number;
  /** Default 60,000. */
  readonly passMs?: number;
}

export interface RetentionModules {
  /** An exporter that may open its file anew: the store is asked for at each pass. */
  readonly holder: { readonly store: Store };
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
  readonly warn: (message: string) => void;
}

/** Work in the background that can be ended. */
export interface Retention {
  /** Ends it; an hour that is being worked on stays as it was. */
  stop(): Promise<void>;
}

/**
 * Rolls the points of a store up by minute, and removes those that are older than `keepMs`, on a connection of its own: a series and
 * an hour in one transaction, so that writing and queries go on between and beside. What fails is warned of and tried again.
 */
export function keepRetention(options: RetentionOptions, modules: RetentionModules): Retention {
  const { keepMs, passMs = PASS_MS } = options;
  const { holder, nowMs, warn } = modules;
  const state: {
    stopped: boolean;
    timer?: NodeJS.Timeout;
    connection?: DuckDBConnection | undefined;
    complaint: string;
  } = {
    stopped: false,
    complaint: '',
  };
  const mayGoOn = (): boolean => !state.stopped;

  const pass = async (): Promise<void> => {
    const now = BigInt(Math.floor(nowMs())) * 1_000_000n;
    let takeBack: (() => Promise<void>) | undefined;
    try {
      const { store } = holder;
      // The sums of an hour need more than the writer has.
      takeBack = await store.lendMemory();
      const connection = (state.connection = await store.connect());
      let removed = 0;
      for (const series of ORDER) {
        removed += await expire(connection, series, now - BigInt(keepMs) * 1_000_000n, mayGoOn);
        await rollUp(connection, series, now - GRACE_NS, mayGoOn);
      }
      // DuckDB reuses the space of what was removed from then on. It refuses while others write, and does it itself later.
      if (removed > 0) await connection.run('CHECKPOINT').catch(() => undefined);
      state.complaint = '';
    } catch (error) {
      const complaint = `retention: a pass failed and is tried again: ${messageOf(error).split('\n')[0] ?? ''}`;
      if (complaint !== state.complaint && mayGoOn()) warn(complaint);
      state.complaint = complaint;
    } finally {
      state.connection?.closeSync();
      state.connection = undefined;
      await takeBack?.();
    }
  };
  const loop = async (): Promise<void> => {
    await pass();
    if (mayGoOn())
      state.timer = setTimeout(() => {
        running = loop();
      }, passMs);
  };
  let running = loop();
  return {
    stop: async () => {
      state.stopped = true;
      clearTimeout(state.timer);
      // What it is at is rolled back, and done at the next start.
      state.connection?.interrupt();
      await running;
    },
  };
}
