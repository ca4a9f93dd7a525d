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
import { RegtestNetwork } from './regtest';
import { countDemoStats } from './stats';
import { Summary, type SummaryOutput } from './summary';
import type { HttpSettings } from '../web/settings';

export interface DemoOptions {
  /** Folder of `demo.duckdb`; must exist. */
  readonly dataDir: string;
  /** How many seconds; 0 runs until `untilSignal` resolves. */
  readonly seconds: number;
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

/** Shorter than the listener's default, so that a demo of one minute has data to show. */
const POINT_INTERVAL_MS = 1_000;

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
    await network.start();
    const app = await modules.startApp({ ...configOf(network, store), http: options.http }, { log });
    if (app.page !== null) out.write(`Its page, while it runs: ${app.page}\n`);
    const stored = (): number => app.exporters().reduce((sum, { acked }) => sum + acked, 0);
    const summary = new Summary(options, { ...modules, stats: countDemoStats(app.bus), stored });
    network.startTraffic();
    summary.start();
    void app.ended.then(end);
    if (options.seconds > 0)
      void sleep(options.seconds * 1000, undefined, stopped).then(end, () => undefined);
    await over;
    stopped.abort();
    summary.stop();
    await app.stop();
    out.write(`${stored()} points are in the store. What to type next:\n\n`);
    out.write(`  ${nextQuery(options.invocation, store)}\n\n`);
  } finally {
    await network.stop();
  }
}

function configOf(network: RegtestNetwork, store: string): AppConfig {
  return {
    node: 'demo',
    network: 'regtest',
    connect: network.endpoints,
    exports: [`duckdb:${store}`],
    spools: { directory: path.dirname(store), maxBytes: 1_000_000 },
    intervalMs: POINT_INTERVAL_MS,
    policy: 'btcd',
    wtxidRelay: true,
    txPerSecond: 200,
    maxUserAgents: 200,
    mempoolBytes: 50_000_000,
  };
}
