import { BlockProcessor } from './chain/block-processor';
import { followChain } from './chain/follow';
import { HeaderChain } from './chain/header-chain';
import { HeaderStore } from './chain/header-store';
import { CHAIN_PARAMS } from './chain/params';
import { SystemClock } from './clock';
import { EventBus } from './events';
import { DuckDbExporter } from './export/duckdb';
import { openExports, type SpoolPlace } from './export/open';
import type { Log } from './log';
import { collect } from './metrics/collect';
import type { ExporterStats, MonitorEvents } from './metrics/collector';
import { COLLECTORS } from './metrics/collectors/list';
import { Emitter } from './metrics/emitter';
import type { SeriesName } from './metrics/schema';
import type { Endpoint } from './p2p/endpoint';
import type { NetworkName } from './p2p/networks';
import { followRelay } from './mempool/follow';
import { type MempoolGauges, RelayView } from './mempool/relay-view';
import { Pool } from './p2p/pool';
import { logEvents } from './log-events';
import { serveQueries } from './query/server';
import type { Block } from './tx/block';
import type { PolicyName } from './tx/policy/standardness';
import { keepRetention } from './store/retention';
import { VERSION } from './version';

/** Of the 5 seconds in which the program ends, those that exporters have to deliver what waits. */
const FLUSH_MS = 4_000;

/** How often the log tells how far the headers are: mainnet's take some minutes when they are fetched first. */
const HEADERS_LOG_MS = 10_000;

/** How long a transaction may wait for a block: Core 31's default, 336 hours. */
const MEMPOOL_EXPIRY_MS = 336 * 3_600_000;

/** Transactions whose output values are remembered: 12 to 24 hours of mainnet, in at most 35 MB. */
const COIN_TRANSACTIONS = 250_000;

/** What the listener is told by its user. */
export interface AppConfig {
  readonly node: string;
  readonly network: NetworkName;
  readonly connect: readonly Endpoint[];
  /** Export URLs. */
  readonly exports: readonly string[];
  /** Where points wait on disk for receivers that are away. */
  readonly spools: SpoolPlace;
  /** Folder where the header chain is kept; without it the chain is fetched anew. */
  readonly headersDir?: string;
  readonly intervalMs: number;
  /** Age at which points of embedded stores are removed and sums of their minutes stay; never without it. */
  readonly retentionMs?: number | undefined;
  readonly policy: PolicyName;
  readonly wtxidRelay: boolean;
  readonly txPerSecond: number;
  readonly maxUserAgents: number;
  /** The most bytes of transactions in the relay view. */
  readonly mempoolBytes: number;
}

/** A listener at work. */
export interface App {
  /** Resolves when going on makes no sense: the reader of the points (a pipe) is gone. */
  readonly ended: Promise<void>;
  readonly bus: EventBus<MonitorEvents>;
  emitted(series: SeriesName): number;
  exporters(): readonly ExporterStats[];
  /** Stops listening, writes the last interval, delivers what waits and frees everything, within 5 seconds. */
  stop(): Promise<void>;
}

/**
 * Wires the parts and starts them, exporters first: nothing is heard before there is a place for it. Stops in the opposite
 * order.
 * @throws UsageError or FailureError where an exporter can't be made or opened
 */
export async function startApp(config: AppConfig, { log }: { readonly log: Log }): Promise<App> {
  const clock = new SystemClock();
  const bus = new EventBus<MonitorEvents>();
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));

  const { node, network } = config;
  const params = CHAIN_PARAMS[network];
  const chain = new HeaderChain(params, { unixTime: () => Date.now() / 1_000 });
  const headers =
    config.headersDir === undefined ? null : HeaderStore.open(config.headersDir, network, params.genesis);
  if (headers !== null) await headers.load(chain);

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
        push: (point) => {
          for (const queue of queues) queue.push(point);
        },
      },
    },
  );

  const stores = exports.exporters.filter((exporter) => exporter instanceof DuckDbExporter);
  // A store that this process writes no other can open: it answers queries itself.
  const servers = await Promise.all(stores.map((store) => serveQueries(store)));
  const { retentionMs: keepMs } = config;
  const retentions =
    keepMs === undefined
      ? []
      : stores.map((holder) =>
          keepRetention(
            { keepMs },
            { holder, nowMs: () => Date.now(), warn: (message) => log.warn(message) },
          ),
        );

  const headerAdded = (bytes: Buffer): void => headers?.append(bytes);
  const processor = new BlockProcessor({ chain, clock, bus, headerAdded });
  let toldOfHeaders = -Infinity;
  // Before the collectors hear of it: what they say of a block's processing includes this.
  const followTick = followChain({
    chain,
    processor,
    bus,
    clock,
    askHeaders: (peer, locator) => pool.askHeaders(peer, locator),
    report: (peer, violation) => pool.report(peer, violation),
    headerAdded,
    advanced: () => {
      const now = clock.monotonicMs();
      if (now - toldOfHeaders < HEADERS_LOG_MS) return;
      toldOfHeaders = now;
      log.info('headers', { height: chain.bestHeight });
    },
  });
  const view = new RelayView(
    { maxBytes: config.mempoolBytes, expiryMs: MEMPOOL_EXPIRY_MS, coinTransactions: COIN_TRANSACTIONS },
    { bus },
  );
  followRelay(view, bus, clock);
  const { emit } = emitter;
  const emitted = (series: SeriesName): number => emitter.emitted(series);
  const { policy, maxUserAgents, intervalMs } = config;
  const monotonicMs = (): number => clock.monotonicMs();
  const mempool = (): MempoolGauges => view.gauges();
  const unseen = (block: Block): number => view.unseen(block);
  const context = {
    unseen,
    mempool,
    emit,
    policy,
    maxUserAgents,
    intervalMs,
    monotonicMs,
    emitted,
    exporters,
  };
  const writeInterval = collect(
    COLLECTORS.map((create) => create(context)),
    bus,
    (collector, error) => log.error('a collector failed', { collector, error: detail(error) }),
  );
  logEvents(bus, log);

  const pool = new Pool(
    { ...config, userAgent: `/btcdmon-node:${VERSION}/` },
    {
      bus,
      clock,
      complain: (peer, reason, attempts) =>
        log.warn('no handshake with peer, trying on', { peer, network, reason, attempts }),
      fault: (error) => log.error('a message handler failed', { error: detail(error) }),
    },
  );
  pool.start();
  const keepHeaders = (): void => {
    try {
      headers?.flush();
    } catch (error) {
      log.warn('headers are not kept', { error: detail(error) });
    }
  };
  const timer = setInterval(() => {
    writeInterval();
    followTick();
    keepHeaders();
  }, intervalMs);
  log.info('listening', {
    network: config.network,
    peers: config.connect.length,
    export: queues.map(({ name }) => name),
  });

  return {
    ended,
    bus,
    emitted,
    exporters,
    stop: async () => {
      pool.stop();
      clearInterval(timer);
      writeInterval();
      keepHeaders();
      headers?.close();
      await Promise.all([
        ...servers.map((server) => server.close()),
        ...retentions.map((retention) => retention.stop()),
      ]);
      await Promise.all(queues.map((queue) => queue.close(FLUSH_MS)));
      log.info('stopped');
    },
  };
}

/** What is worth logging of a fault: its stack. */
function detail(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
