import os from 'node:os';
import { chainTree } from '../chain/chain-tree';
import { syncChain } from '../chain/chain-sync';
import { SystemClock, describeStep } from '../lib/clock';
import { type EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import type { StatusLine } from '../lib/status-line';
import type { Live } from '../live/live';
import { LiveView } from '../live/live-view';
import { syncRelayView } from '../mempool/relay-view-sync';
import { Judge } from '../mempool/judge';
import { RelayView } from '../mempool/relay-view';
import type { ExporterStats, MonitorEvents } from '../metrics/collector';
import { Emitter } from '../metrics/emitter';
import type { SeriesName } from '../metrics/schema';
import { PeerAccounts } from '../metrics/sessions/peer-accounts';
import type { JoinParts } from '../p2p/join/join';
import type { I2p } from '../p2p/i2p/i2p';
import type * as PrepareJoin from '../p2p/join/prepare-join';
import type { Routes } from '../p2p/route/routes';
import { prepareHashMany } from '../wire/hash-many';
import { writeAlerts } from './alert-points';
import { asnLookup, complainTo, startCollectors } from './collectors';
import type { AppConfig } from './config';
import { ProgramEnd } from './program-end';
import type * as FullValidation from './full-validation';
import type { RunningFullValidation } from './full-validation';
import { KeptHeaders } from './kept-headers';
import { logClock } from './log-clock';
import { logEvents } from './log-events';
import { makePool, type PoolParts } from './make-pool';
import { openOnion } from './onion';
import { openOutputs } from './outputs';
import { openI2p } from './i2p';
import { makeRoutes } from './routes';
import { openRecording, type Recording } from './recording';
import { RELAY_VIEW_LIMITS } from './relay-view-limits';
import { sayReady } from './say-ready';
import { openPage } from './serving';
import { startWatching } from './watching';
import { openWhy } from './why';

/** A running listener. */
export interface App {
  /**
   * Resolves when the listener has no reason to go on: the reader of the points (a pipe) has gone. Rejects
   * with FailureError when it can't go on.
   */
  readonly ended: Promise<void>;
  readonly bus: EventBus<MonitorEvents>;
  readonly live: Live;
  /** URL of its page; null where there is no page. */
  readonly page: string | null;
  emitted(series: SeriesName): number;
  exporters(): readonly ExporterStats[];
  /**
   * Stops listening, writes the last interval, delivers points that wait and frees everything, within 5
   * seconds.
   */
  stop(): Promise<void>;
  /** Logs how many points are lost, where the program is killed because its end takes too long. */
  killed(): void;
}

export interface AppModules {
  readonly log: Log;
  /** The status line that shows progress, if there is one. */
  readonly status?: StatusLine;
}

/**
 * Opens the parts of the listener and starts them. Exporters start first, so that no point comes before there
 * is a place for it. Stops in the opposite order. Parts tell each other what happened by events on the bus.
 * @throws UsageError or FailureError where an exporter can't be created or opened
 */
export async function startApp(config: AppConfig, modules: AppModules): Promise<App> {
  const { log, status } = modules;
  const { node, network, intervalMs } = config;
  const clock = new SystemClock();
  clock.onStep((step) => void log.warn(describeStep(step)));
  const ending = new ProgramEnd();
  const page = await openPage(config.http, log);
  const recording = await openRecording(config, { clock, log });
  const { bus } = recording;
  const headers = await KeptHeaders.open(
    { network, directory: config.dataDir },
    { clock, log, status, unixTime: recording.unixTime },
  );
  await recording.headers(headers.file);
  const i2p = await openI2p(config, log);
  const routes = makeRoutes(config.routes ?? {}, (message) => log.warn(message), i2p?.route);
  const join = await openJoin(config, log, routes, i2p?.inbound);
  const onion = await openOnion(config, { log, clock });
  const full = await openFull(config, { bus, headers, clock, log });
  void full?.failed.then((error) => ending.fail(error));
  const accounts = peerAccounts(config, headers, recording);
  const live = new LiveView(
    { node, network },
    { nowMs: () => Date.now(), accounts, complain: complainTo(log) },
  );
  const view = new RelayView(
    { maxBytes: config.mempoolBytes, ...RELAY_VIEW_LIMITS },
    { bus, lookUp: full?.lookUp },
  );
  const why = await openWhy(config, { clock, accounts, log });
  const outputs = await openOutputs(config, {
    ...{ clock, log, page, live, why: why?.answers, onEnded: () => ending.end() },
  }).catch(async (error: unknown) => {
    // Frees the folder of the record: another program may open it.
    await why?.record.close();
    throw error;
  });
  // Logged after the exports are open: if another program has the store too, that error is the only line.
  if (typeof why?.trouble === 'string') log.warn(why.trouble);
  const { queues, exporters, sink } = outputs;
  const { pool, processor } = makePool(config, {
    bus,
    clock,
    log,
    headers,
    full,
    join,
    routes,
    recording,
    relayed: view.relayed,
    fates: view.fates(config.policy),
  });
  const followTick = syncChain({
    ...{ chain: headers.chain, processor, bus, clock: recording.clock, headerAdded: headers.added },
    askHeaders: (peer, locator) => pool.askHeaders(peer, locator),
    report: (peer, violation) => pool.report(peer, violation),
    askAgain: (hash) => pool.askAgain(hash),
    advanced: (isSynced) => {
      // Written after each message of headers: however the program ends, at most one message is fetched
      // again.
      headers.write();
      headers.progress.advanced(isSynced);
      full?.validation.headersAdded(isSynced);
    },
  });
  bus.on('blocksMissing', ({ hashes, depth }) => pool.fetchBlocks(hashes, depth));
  recording.setUp(() =>
    syncRelayView({
      view,
      judge: new Judge(config.policy, { bus, monotonicMs: () => recording.clock.monotonicMs() }),
      ...{ bus, clock: recording.clock },
    }),
  );
  live.follow({
    chain: () => ({ height: headers.chain.bestHeight, time: headers.chain.time(headers.chain.best) }),
    tree: () => chainTree({ chain: headers.chain, hasBlock: (index) => processor.hasBlock(index) }),
    dials: () => pool.dials,
    mempool: () => view.waiting.bands(),
    transactions: () => view.gauges().transactions,
    exporters,
  });
  const emitter = new Emitter(
    { node, network },
    { clock: recording.clock, sink, isInbound: () => pool.isServingInbound },
  );
  writeAlerts(outputs.alerts, emitter.emit);
  const writePoints = startCollectors(config, {
    ...{ bus, clock: recording.clock, unixTime: recording.unixTime },
    ...{ log, emitter, exporters, view, pool, live, accounts, processor },
    chain: headers.chain,
    why: why?.record ?? null,
  });
  const writeInterval = (): void => recording.interval(pool, writePoints);
  logEvents(bus, log);
  const watching = await startWatching(config, {
    ...{ clock, log, sink, listenerBus: bus },
    fail: (error) => ending.fail(error),
  });
  const compareClock = logClock(bus, log, { unixTime, uptime: () => os.uptime() });

  prepareHashMany();
  pool.start();
  onion?.start();
  const timer = setInterval(() => {
    writeInterval();
    watching.interval();
    recording.follow(followTick);
    compareClock();
    headers.write();
  }, intervalMs);
  sayReady(log, 'listening', {
    network,
    peers: config.connect.length,
    ...(join === undefined ? {} : { join: join.peers, known: join.addrman.size }),
    ...(watching.nodes.length === 0 ? {} : { watching: watching.nodes }),
    export: queues.map(({ name }) => name),
    ...(outputs.url === null ? {} : { page: outputs.url }),
  });

  return {
    ended: ending.ended,
    bus,
    live,
    page: outputs.url,
    emitted: (series) => emitter.emitted(series),
    exporters,
    killed: () => outputs.killed(),
    stop: async () => {
      const begun = clock.monotonicMs();
      const poolStopped = pool.stop();
      i2p?.route.stop();
      outputs.alerts?.stop();
      clearInterval(timer);
      const fullStopped = full?.stop();
      writeInterval();
      headers.close();
      await Promise.all([poolStopped, onion?.stop(), watching.stop()]);
      await recording.close();
      status?.clear();
      await outputs.stopServing();
      await Promise.all([why?.record.close(), fullStopped, outputs.deliver(begun)]);
      log.info('stopped');
    },
  };
}

function unixTime(): number {
  return Date.now() / 1_000;
}

/** Makes the accounts of connections, which several parts read. */
function peerAccounts(
  { asMap, labels }: AppConfig,
  { chain }: KeptHeaders,
  { clock, unixTime: now }: Recording,
): PeerAccounts {
  return new PeerAccounts({
    nowMs: () => now() * 1_000,
    monotonicMs: () => clock.monotonicMs(),
    heightOf: (hash) => chain.heightOf(hash),
    asnOf: asnLookup(asMap),
    labels,
  });
}

/** Prepares joining the network, if that is wanted. */
async function openJoin(
  config: AppConfig,
  log: Log,
  routes: Routes,
  i2p: I2p | undefined,
): Promise<JoinParts | undefined> {
  const { network, dataDir } = config;
  if (config.join === undefined) return undefined;
  // Loaded only where it is wanted, like full validation below.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { prepareJoin } = require('../p2p/join/prepare-join') as typeof PrepareJoin;
  return prepareJoin(config.join, {
    ...{ network, log, hasPeers: config.connect.length > 0, reaches: (to) => routes.reaches(to), i2p },
    ...(dataDir === undefined ? {} : { directory: dataDir }),
  });
}

/** Starts full validation, if that is wanted. */
async function openFull(
  { network, chainDir }: AppConfig,
  { bus, headers, clock, log }: Pick<PoolParts, 'bus' | 'headers' | 'clock' | 'log'>,
): Promise<RunningFullValidation | undefined> {
  if (chainDir === undefined) return undefined;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { startFullValidation } = require('./full-validation') as typeof FullValidation;
  const { chain, added: headerAdded } = headers;
  return startFullValidation({ network, directory: chainDir }, { bus, chain, clock, log, headerAdded });
}
