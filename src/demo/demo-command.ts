import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppConfig } from '../app/config';
import type { App } from '../app/listener';
import type { Clock } from '../lib/clock';
import { messageOf } from '../lib/errors';
import type { Log } from '../lib/log';
import type { RegtestParts } from '../bcoin/regtest-parts';
import { removeOldStore } from './fresh-store';
import { type Invocation, nextQuery } from './next-query';
import { Progress } from './progress';
import { RegtestNetwork } from './regtest';
import { countDemoStats } from './stats';
import { Summary, type SummaryOutput } from './summary';
import type { HttpSettings } from '../web/settings';

export interface DemoOptions {
  /** Folder of `demo.duckdb`; must exist. */
  readonly dataDir: string;
  /**
   * How many seconds until it ends; 0 runs until `untilSignal` resolves. Null shows the numbers for a minute
   * and then leaves the page up until `untilSignal` resolves.
   */
  readonly seconds: number | null;
  /** How long the demo runs before it shows what to type next, in milliseconds; default 60,000. */
  readonly shownMs?: number;
  /** URLs of exporters that get the points as well. */
  readonly exports: readonly string[];
  /** Whether to draw frames; otherwise a line is printed from time to time. */
  readonly live: boolean;
  /** Settings of the page; undefined for no page. */
  readonly http?: HttpSettings | undefined;
  readonly invocation: Invocation;
}

export interface DemoModules {
  readonly log: Log;
  readonly clock: Clock;
  readonly out: SummaryOutput;
  readonly startApp: (config: AppConfig, modules: { readonly log: Log }) => Promise<App>;
  readonly loadRegtestParts: () => RegtestParts;
  /** Resolves when the user ends the demo, or when `ended` does. */
  readonly untilSignal: (ended: Promise<unknown>) => Promise<void>;
}

const BLOCK_INTERVAL_MS = 4_000;
const TX_INTERVAL_MS = 350;

/** Milliseconds until the demo says what to type next, where it leaves its page up after that. */
const SHOWN_MS = 60_000;

/** Shorter than the listener's default, so that a demo of one minute has data to show. */
const POINT_INTERVAL_MS = 1_000;

/** What the listener remembers for `why`: all of the demo. */
const WHY = { keptMs: 86_400_000, maxBytes: 24_000_000, diskBytes: 0 };

/**
 * Runs a regtest network and the listener on it, over real TCP on loopback. At the end it prints a query to
 * type next. The store `demo.duckdb` is new in each run, and stays for that query.
 * @throws FailureError if another demo has the store open
 */
export async function runDemo(options: DemoOptions, modules: DemoModules): Promise<void> {
  const { log, out } = modules;
  const stopped = new AbortController();
  let end = (): void => undefined;
  const over = modules.untilSignal(new Promise<void>((resolve) => (end = resolve)));
  const store = path.resolve(options.dataDir, 'demo.duckdb');
  await removeOldStore(store);
  out.write('Starting a Bitcoin network (regtest, four peers) in this process, and the listener on it.\n');
  const network = new RegtestNetwork(
    {
      listenHost: '127.0.0.1',
      blockIntervalMs: BLOCK_INTERVAL_MS,
      txIntervalMs: TX_INTERVAL_MS,
      seed: `${Date.now()}`,
    },
    {
      parts: modules.loadRegtestParts(),
      onError: (error) => log.warn('an operation of the regtest network failed', { error: messageOf(error) }),
    },
  );
  try {
    await network.start(new Progress(options.live, out).made);
    const app = await modules.startApp(configOf(network, store, options), { log });
    const { page } = app;
    if (page !== null) out.write(`Its page, while it runs: ${page}\n`);
    const stored = (): number => storedIn(app);
    const seconds = options.seconds ?? (options.shownMs ?? SHOWN_MS) / 1_000;
    const summary = new Summary(
      { ...options, seconds },
      { ...modules, stats: countDemoStats(app.bus), stored },
    );
    network.startTraffic();
    summary.start();
    void app.ended.then(end);
    const tellNext = (): void => {
      out.write(`${stored()} points are in the store. What to type next:\n\n`);
      out.write(`  ${nextQuery(options.invocation, store)}\n\n`);
    };
    const leaveUp = (): void => {
      // Without a terminal its lines go on: if their reader leaves, the demo ends.
      if (options.live) summary.stop();
      tellNext();
      out.write(`The network and its page go on until Ctrl-C: ${page ?? ''}\n`);
    };
    const staysUp = options.seconds === null && page !== null;
    if (seconds > 0)
      void sleep(seconds * 1000, undefined, stopped).then(staysUp ? leaveUp : end, () => undefined);
    await over;
    stopped.abort();
    summary.stop();
    await app.stop();
    tellNext();
  } finally {
    await network.stop();
  }
}

/** How many points the demo's own store has confirmed. */
function storedIn(app: App): number {
  return app.exporters().find(({ name }) => name === 'duckdb')?.acked ?? 0;
}

function configOf(network: RegtestNetwork, store: string, { exports: more, http }: DemoOptions): AppConfig {
  return {
    node: 'demo',
    network: 'regtest',
    connect: network.endpoints,
    exports: [`duckdb:${store}`, ...more],
    http,
    spools: { directory: path.dirname(store), maxBytes: 1_000_000 },
    intervalMs: POINT_INTERVAL_MS,
    policy: 'btcd',
    wtxidRelay: true,
    txPerSecond: 200,
    maxUserAgents: 200,
    mempoolBytes: 50_000_000,
    why: WHY,
  };
}
