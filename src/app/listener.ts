import os from 'node:os';
import { blockChecks } from '../chain/block-checks';
import { BlockProcessor } from '../chain/block-processor';
import { syncChain } from '../chain/chain-sync';
import { HeaderChain } from '../chain/header-chain';
import { HeaderStore, warnOfDamage } from '../chain/header-store';
import { CHAIN_PARAMS } from '../chain/params';
import { SystemClock, describeStep } from '../lib/clock';
import type { FailureError } from '../lib/errors';
import { EventBus } from '../lib/event-bus';
import { openExports, type SpoolPlace } from '../export/open';
import { startFull } from './full';
import type { Live } from '../live/live';
import { LiveView } from '../live/live-view';
import { type Log, logOutput } from '../lib/log';
import { connectCollectors } from '../metrics/connect-collectors';
import type { ExporterStats, MonitorEvents } from '../metrics/collector';
import { COLLECTORS } from '../metrics/collectors/list';
import { Emitter } from '../metrics/emitter';
import type { SeriesName } from '../metrics/schema';
import type { Endpoint } from '../p2p/endpoint';
import { type JoinOptions, prepareJoin } from '../p2p/join/prepare';
import type { NetworkName } from '../wire/networks';
import { syncRelayView } from '../mempool/relay-view-sync';
import { type MempoolGauges, RelayView } from '../mempool/relay-view';
import { Pool } from '../p2p/pool';
import { HeaderProgress } from './header-progress';
import { logClock } from './log-clock';
import { logEvents } from './log-events';
import { Seldom } from '../lib/seldom';
import { openPage, startServing } from './serving';
import type { Block } from '../wire/block';
import type { StatusLine } from '../lib/status-line';
import type { PolicyName } from '../policy/standardness';
import { VERSION } from '../lib/version';
import type { HttpSettings } from '../web/settings';

/** Of the 5 seconds in which the program ends, those until exporters have delivered what waits. */
const END_MS = 4_000;

/** What exporters have of it at least, where breaking off what is asked took long. */
const LEAST_FLUSH_MS = 1_500;

/** How long a transaction may wait for a block: Core 31's default, 336 hours. */
const MEMPOOL_EXPIRY_MS = 336 * 3_600_000;

/** Transactions whose output values are remembered: 12 to 24 hours of mainnet, in at most 35 MB. */
const COIN_TRANSACTIONS = 250_000;

/** What the listener is told by its user. */
export interface AppConfig {
  readonly node: string;
  readonly network: NetworkName;
  readonly connect: readonly Endpoint[];
  /** What is wanted of the network beyond these. */
  readonly join?: JoinOptions;
  /** Export URLs. */
  readonly exports: readonly string[];
  /** Where points wait on disk for receivers that are away. */
  readonly spools: SpoolPlace;
  /** Folder where the header chain and known addresses are kept; without it they are fetched anew. */
  readonly dataDir?: string;
  /** Folder of the chain's database; without it blocks are checked without the outputs that they spend. */
  readonly chainDir?: string | undefined;
  readonly intervalMs: number;
  /** Age at which points of embedded stores are removed and their sums by minute and hour stay; never without it. */
  readonly retentionMs?: number | undefined;
  /** Where the page is served; without it there is none. */
  readonly http?: HttpSettings | undefined;
  readonly policy: PolicyName;
  readonly wtxidRelay: boolean;
  readonly txPerSecond: number;
  readonly maxUserAgents: number;
  /** The most memory in bytes that the transactions of the relay view take. */
  readonly mempoolBytes: number;
}

/** A listener at work. */
export interface App {
  /** Resolves when going on makes no sense: the reader of the points (a pipe) is gone. Rejects with FailureError when it cannot. */
  readonly ended: Promise<void>;
  readonly bus: EventBus<MonitorEvents>;
  readonly live: Live;
  /** URL of its page; null where there is none. */
  readonly page: string | null;
  emitted(series: SeriesName): number;
  exporters(): readonly ExporterStats[];
  /** Stops listening, writes the last interval, delivers what waits and frees everything, within 5 seconds. */
  stop(): Promise<void>;
}

/** What an app works with. */
export interface AppModules {
  readonly log: Log;
  /** Where progress is shown, if anywhere. */
  readonly status?: StatusLine;
}

/**
 * Wires the parts and starts them, exporters first: nothing is heard before there is a place for it. Stops in the opposite
 * order.
 * @throws UsageError or FailureError where an exporter can't be made or opened
 */
export async function startApp(config: AppConfig, { log, status }: AppModules): Promise<App> {
  const clock = new SystemClock();
  clock.onStep((step) => void log.warn(describeStep(step)));
  const page = await openPage(config.http, log);
  const bus = new EventBus<MonitorEvents>();
  let end = (): void => undefined;
  let fail: (error: FailureError) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  // Whoever waits for it hears of it all the same.
  ended.catch(() => undefined);

  const { node, network } = config;
  const params = CHAIN_PARAMS[network];
  const unixTime = (): number => Date.now() / 1_000;
  const chain = new HeaderChain(params, { unixTime });
  const progress = new HeaderProgress({ chain, clock, unixTime, log, status });
  const headers =
    config.dataDir === undefined ? null : HeaderStore.open(config.dataDir, network, params.genesis);
  const loaded = await headers?.load(chain, (done, total) => progress.loaded(done, total));
  if (headers !== null && loaded !== undefined) warnOfDamage(headers.file, loaded, log);
  status?.clear();

  const join =
    config.join === undefined
      ? undefined
      : await prepareJoin(config.join, {
          ...{ network, log, hasPeers: config.connect.length > 0 },
          ...(config.dataDir === undefined ? {} : { directory: config.dataDir }),
        });
  const headerAdded = (bytes: Buffer): void => headers?.append(bytes);
  const full =
    config.chainDir === undefined
      ? undefined
      : await startFull(
          { network, directory: config.chainDir },
          {
            chain,
            clock,
            log,
            headerAdded,
            fetch: (hashes, depth) => pool.fetchBlocks(hashes, depth),
            learn: (txid, index, value) => view.learn(txid, index, value),
          },
        );
  void full?.failed.then(fail);

  const exports = await openExports(config.exports, {
    clock,
    warn: (message) => log.warn(message),
    env: process.env,
    spools: config.spools,
    onEnded: () => end(),
  });
  const { queues } = exports;
  const exporters = (): ExporterStats[] => queues.map((queue) => ({ name: queue.name, ...queue.stats() }));
  const emitter = new Emitter(
    { node, network },
    {
      clock,
      sink: {
        push: (point, isInbound) => {
          for (const queue of queues) queue.push(point, isInbound);
        },
      },
      isInbound: () => pool.isServingInbound,
    },
  );

  const complain = (collector: string, error: unknown): void =>
    void log.error('a collector failed', { collector, error: detail(error) });
  const live = new LiveView({ node, network }, { nowMs: () => Date.now(), complain });
  const { retentionMs } = config;
  const serving = await startServing(
    { node, retentionMs },
    { exporters: exports.exporters, stats: exporters, live, page, log },
  );

  const processor = new BlockProcessor({ chain, clock, bus, headerAdded, full: full?.validation });
  const mayComplain = new Seldom(() => clock.monotonicMs());
  const keepHeaders = (): void => {
    try {
      headers?.flush();
    } catch (error) {
      if (mayComplain.may()) log.warn('headers are not kept', { error: detail(error) });
    }
  };
  // Before the collectors hear of it: what they say of a block's processing includes this.
  const followTick = syncChain({
    chain,
    processor,
    bus,
    clock,
    askHeaders: (peer, locator) => pool.askHeaders(peer, locator),
    report: (peer, violation) => pool.report(peer, violation),
    askAgain: (hash) => pool.askAgain(hash),
    headerAdded,
    advanced: (isSynced) => {
      // Those of the messages before: however the program ends, it asks again for no more than one message.
      keepHeaders();
      progress.advanced(isSynced);
      full?.validation.headersAdded(isSynced);
    },
  });
  const view = new RelayView(
    { maxBytes: config.mempoolBytes, expiryMs: MEMPOOL_EXPIRY_MS, coinTransactions: COIN_TRANSACTIONS },
    { bus, lookUp: full?.lookUp },
  );
  syncRelayView(view, bus, clock);
  const { emit } = emitter;
  const emitted = (series: SeriesName): number => emitter.emitted(series);
  const { policy, maxUserAgents, intervalMs } = config;
  const monotonicMs = (): number => clock.monotonicMs();
  const mempool = (): MempoolGauges => view.gauges();
  const unseen = (block: Block): number => view.unseen(block);
  const context = {
    judged: live.judged,
    unseen,
    mempool,
    emit,
    policy,
    maxUserAgents,
    intervalMs,
    monotonicMs,
    clockSteps: clock,
    logDropped: () => logOutput().dropped,
    emitted,
    exporters,
    addresses: () => pool.addresses,
  };
  const writeInterval = connectCollectors(
    [...COLLECTORS.map((create) => create(context)), live],
    bus,
    complain,
  );
  logEvents(bus, log);
  const compareClock = logClock(bus, log, { unixTime, uptime: () => os.uptime() });

  const pool = new Pool(
    {
      ...{ network, connect: config.connect, wtxidRelay: config.wtxidRelay, txPerSecond: config.txPerSecond },
      userAgent: `/btcdmon-node:${VERSION}/`,
      ...(join === undefined ? {} : { join }),
    },
    {
      bus,
      clock,
      checks: blockChecks({
        chain,
        headerAdded: (bytes) => {
          headerAdded(bytes);
          processor.headersAdded();
        },
      }),
      relayed: view.relayed,
      complain: (peer, reason, attempts) =>
        log.warn('no handshake with peer, trying on', { peer, network, reason, attempts }),
      fault: (error) => log.error('a message handler failed', { error: detail(error) }),
    },
  );
  pool.start();
  const timer = setInterval(() => {
    writeInterval();
    followTick();
    compareClock();
    keepHeaders();
  }, intervalMs);
  log.info('listening', {
    network: config.network,
    peers: config.connect.length,
    ...(join === undefined ? {} : { join: join.peers, known: join.book.size }),
    export: queues.map(({ name }) => name),
    ...(serving.url === null ? {} : { page: serving.url }),
  });

  return {
    ended,
    bus,
    live,
    page: serving.url,
    emitted,
    exporters,
    stop: async () => {
      const begun = clock.monotonicMs();
      const poolStopped = pool.stop();
      clearInterval(timer);
      const fullStopped = full?.stop();
      writeInterval();
      keepHeaders();
      headers?.close();
      await poolStopped;
      status?.clear();
      await serving.close();
      const flushMs = Math.max(LEAST_FLUSH_MS, END_MS - (clock.monotonicMs() - begun));
      await Promise.all([fullStopped, ...queues.map((queue) => queue.close(flushMs))]);
      log.info('stopped');
    },
  };
}

/** What is worth logging of a fault: its stack. */
function detail(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
