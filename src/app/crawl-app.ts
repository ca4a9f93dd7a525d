import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Crawl } from '../crawl/crawl';
import { CrawlFolder } from '../crawl/crawl-folder';
import { CrawlPoints } from '../crawl/crawl-points';
import { Frontier } from '../crawl/frontier';
import { Journal } from '../crawl/journal';
import { ProgressLine } from '../crawl/progress';
import type { Snapshot } from '../crawl/snapshot';
import type { StartOptions } from '../crawl/start-points';
import { asnBy } from '../crawl/summary';
import { Visitor } from '../crawl/visitor';
import type { Patience } from '../crawl/visit';
import { lockFolder } from '../lib/lock-folder';
import { SystemClock, describeStep } from '../lib/clock';
import { errorDetail, FailureError, messageOf, UsageError } from '../lib/errors';
import type { Log } from '../lib/log';
import { systemLookup } from '../lib/lookup';
import { checkOpenFiles } from '../lib/open-files';
import type { StatusLine } from '../lib/status-line';
import { waitAtMost } from '../lib/wait-at-most';
import type { AsMap } from '../p2p/asmap/asmap';
import type { Endpoint } from '../p2p/endpoint';
import { AddressFile } from '../p2p/join/address-file';
import type { AddressList } from '../p2p/join/address-lists';
import { DNS_SEEDS, type DnsSeed } from '../p2p/join/dns-seeds';
import { SeedLookup } from '../p2p/join/seed-lookup';
import type { Routes } from '../p2p/route/routes';
import type { TransportMode } from '../p2p/transport/choice';
import { userAgentOf } from '../p2p/user-agent';
import type { NetworkName } from '../wire/networks';
import { openI2p } from './i2p';
import { openOutputs, type Outputs, type OutputsOptions } from './outputs';
import { ProgramEnd, type RunningProgram, runningProgram } from './program-end';
import { makeRoutes, type RouteSettings } from './routes';
import { selfAccount } from './self-account';

/** How long the end of a crawl waits until its points have left memory. */
const FLUSH_MS = 10_000;

/** The settings of a crawler. */
export interface CrawlConfig extends OutputsOptions {
  readonly network: NetworkName;
  readonly dataDir: string;
  readonly intervalMs: number;
  /** Time from the beginning of a crawl to that of the next one; without it there is only one crawl. */
  readonly everyMs: number | undefined;
  /** The most connections at a time. */
  readonly workers: number;
  /** How the operator can be reached; a part of the user agent. */
  readonly contact: string | undefined;
  /** Addresses that are not visited. */
  readonly excluded: AddressList | undefined;
  /** Nodes to begin with. */
  readonly connect: readonly Endpoint[];
  /** DNS seeds in place of those of the network. */
  readonly seeds: readonly DnsSeed[] | undefined;
  /** `IP:port` of the DNS server; default: the system's. */
  readonly resolver: string | undefined;
  readonly routes: RouteSettings;
  readonly transport: TransportMode;
  readonly asMap: AsMap | undefined;
  readonly maxUserAgents: number;
  /** How long a crawl waits for a node; default: as long as implementations of nodes need. */
  readonly patience?: Patience;
}

export interface CrawlAppModules {
  readonly log: Log;
  readonly status: StatusLine;
}

/** The parts that every crawl uses. */
interface RoundParts extends CrawlAppModules {
  readonly folder: CrawlFolder;
  readonly routes: Routes;
  readonly outputs: Outputs;
  readonly points: CrawlPoints;
  readonly signal: AbortSignal;
}

/**
 * Starts a crawler. Exporters start first, so that no point comes before there is a place for it.
 * @throws UsageError where there is nothing to begin with; FailureError where something can't be opened
 */
export async function startCrawlApp(config: CrawlConfig, modules: CrawlAppModules): Promise<RunningProgram> {
  const { log } = modules;
  const { dataDir, intervalMs, network, node, workers } = config;
  checkOpenFiles(workers, `--workers ${workers}`);
  const clock = new SystemClock();
  clock.onStep((step) => void log.warn(describeStep(step)));
  const ending = new ProgramEnd();
  const stopping = new AbortController();
  const closing: ((begunMs: number) => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    const begunMs = clock.monotonicMs();
    stopping.abort();
    for (const close of closing.splice(0).reverse()) await close(begunMs);
  };
  try {
    const folder = new CrawlFolder(dataDir, network);
    await folder.make();
    closing.push(await lockFolder(path.join(folder.folder, 'lock'), `crawl ${folder.folder}`));
    const outputs = await openOutputs(config, { clock, log, page: null, onEnded: () => ending.end() });
    const { exporters, queues, sink } = outputs;
    closing.push(
      (begunMs) => outputs.deliver(begunMs),
      () => outputs.stopServing(),
    );
    const account = selfAccount({ node, network, intervalMs }, { clock, log, sink, exporters });
    closing.push(() => {
      account.stop();
      return Promise.resolve();
    });
    const i2p = await openI2p({ network, routes: config.routes }, log);
    closing.push(() => {
      i2p?.route.stop();
      return Promise.resolve();
    });
    const routes = makeRoutes(config.routes, (message) => log.warn(message), i2p?.route);
    const { asMap, maxUserAgents } = config;
    const points = new CrawlPoints({ emit: account.emit, maxUserAgents, asnOf: asnBy(asMap) });
    account.start();
    log.info('crawling', { network, workers, export: queues.map(({ name }) => name) });
    const { signal } = stopping;
    const crawling = crawlAgain(config, { ...modules, folder, routes, outputs, points, signal });
    closing.push(() => crawling.catch(() => undefined));
    void crawling.then(
      () => ending.end(),
      (error: unknown) => ending.fail(error as Error),
    );
    return runningProgram({ ended: ending.ended, stop }, { log, outputs });
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Crawls once, or again and again. If a repeated crawl fails, the failure is logged and the next one follows.
 */
async function crawlAgain(config: CrawlConfig, parts: RoundParts): Promise<void> {
  const { everyMs } = config;
  const { folder, log, signal } = parts;
  const warn = (message: string): void => void log.warn(message);
  if (everyMs === undefined) {
    await crawlOnce(config, parts);
    return;
  }
  // A restart does not make the next crawl earlier.
  let lastMs = (await folder.newest(warn))?.startedMs ?? -Infinity;
  for (;;) {
    const waitMs = Math.min(everyMs, lastMs + everyMs - Date.now());
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    lastMs = Date.now();
    try {
      lastMs = await crawlOnce(config, parts);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      log.error(messageOf(error));
    }
  }
}

/**
 * Makes one crawl, or continues an interrupted one.
 * @returns when it began, in Unix milliseconds
 */
async function crawlOnce(config: CrawlConfig, parts: RoundParts): Promise<number> {
  const { excluded, network, patience, transport: mode, workers } = config;
  const { folder, log, outputs, points, routes, signal } = parts;
  const warn = (message: string): void => void log.warn(message);
  const last = await folder.newest(warn);
  const found = await folder.interrupted(Date.now(), warn);
  const startedMs = found?.journal.head.startedMs ?? Date.now();
  const { lookup, start } = await startOptions(config, { last, routes, warn, isBegun: found !== null });
  const broken = new AbortController();
  const failed = (error: FailureError): void => broken.abort(error);
  const journal =
    found === null
      ? await Journal.create(folder.journalOf({ startedMs }), { network, startedMs }, failed)
      : await Journal.resume(found.file, found.journal, failed);
  const fault = (error: unknown): void =>
    void log.error('a part of the crawl failed', { error: errorDetail(error) });
  const visitor = new Visitor({
    ...{ network, mode, routes, fault, userAgent: userAgentOf(config.contact) },
    ...(patience === undefined ? {} : { patience }),
  });
  const frontier = new Frontier({ network, excluded, reaches: (to) => routes.reaches(to) });
  const crawl = new Crawl(workers, {
    ...{ frontier, visitor, journal, fault },
    start: { lookup: systemLookup, seedAddresses: (seed) => lookup.addresses(seed), warn },
  });
  if (found !== null) {
    crawl.restore(found.journal);
    const { known, reached, tried } = crawl.progress;
    log.info('continuing a crawl', { known, tried, reachable: reached, damaged: found.journal.damaged });
  }
  const onStop = (): void => {
    lookup.cancel();
    crawl.stop();
  };
  const ends = AbortSignal.any([signal, broken.signal]);
  ends.addEventListener('abort', onStop, { once: true });
  if (ends.aborted) onStop();
  const line = new ProgressLine(() => crawl.progress, parts);
  let isComplete: boolean;
  try {
    isComplete = await crawl.run(start);
  } finally {
    ends.removeEventListener('abort', onStop);
    line.stop();
    visitor.stop();
    await journal.close();
  }
  broken.signal.throwIfAborted();
  if (!isComplete) return startedMs;
  const { nodes } = crawl;
  const { known, excluded: leftAlone, dropped, tried } = crawl.progress;
  const counts = { known, excluded: leftAlone, dropped, tried };
  const snapshot: Snapshot = { network, startedMs, endedMs: Date.now(), counts, nodes };
  points.write(snapshot, last);
  const flushed = Promise.all(outputs.queues.map((queue) => queue.flush())).then(() => undefined);
  await waitAtMost(FLUSH_MS, flushed);
  await folder.keep(snapshot);
  await journal.remove();
  const seconds = Math.round((snapshot.endedMs - startedMs) / 1_000);
  log.info('crawled', { ...counts, reachable: nodes.length, seconds });
  return startedMs;
}

/**
 * Where a crawl begins.
 * @throws UsageError where there is nothing to begin with
 */
async function startOptions(
  { connect, dataDir, network, resolver, seeds: given }: CrawlConfig,
  {
    isBegun,
    last,
    routes,
    warn,
  }: {
    readonly last: Snapshot | null;
    readonly routes: Routes;
    readonly warn: (message: string) => void;
    /** Whether this continues an interrupted crawl, which already knows addresses. */
    readonly isBegun: boolean;
  },
): Promise<{ readonly lookup: SeedLookup; readonly start: StartOptions }> {
  // Seeds name addresses of IPv4 and IPv6 alone.
  const hasUse = routes.reaches('ipv4') || routes.reaches('ipv6');
  const seeds = hasUse ? (given ?? DNS_SEEDS[network]) : [];
  const unixTime = (): number => Math.floor(Date.now() / 1_000);
  const times = { unixTime, monotonicMs: () => performance.now() };
  const { addrman } = await new AddressFile(dataDir, network).load(times, warn);
  const isKnown = isBegun || connect.length + seeds.length + addrman.size + (last?.nodes.length ?? 0) > 0;
  if (!isKnown)
    throw new UsageError(
      `crawl: ${network} has no DNS seeds that can be used and no node of it is known; give --connect host[:port] or --seed name[:port]`,
    );
  return {
    lookup: new SeedLookup(resolver),
    start: {
      ...{ network, connect, seeds, last, book: addrman.addresses() },
      resolvesNames: routes.resolvesNames,
    },
  };
}
