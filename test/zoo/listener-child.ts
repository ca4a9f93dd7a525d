import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '#dist/app/listener';
import { keepHeapSmall } from '#dist/cli/heap';
import { createLog } from '#dist/lib/log';
import type { Endpoint } from '../../src/p2p/endpoint';

/** The listener's report to the judge. */
export interface ListenerReport {
  /** Messages of each honest peer, by its address and by command. */
  readonly honest: Readonly<Record<string, { readonly received: Counts; readonly sent: Counts }>>;
  /** Violations, disconnects and refusals of all other peers, by host and by reason. */
  readonly reasons: Readonly<Record<string, Counts>>;
  /** Resident memory in bytes, after a collection of garbage. */
  readonly resident: number;
  /** Memory in use: the heap and buffers. */
  readonly live: number;
  /** The highest resident memory, sampled four times a second. */
  readonly peak: number;
  /** Messages from all other peers, by host. */
  readonly messages: Counts;
  /** How late the event loop was at 99 of 100 looks since the last report, in milliseconds. */
  readonly lagP99Ms: number;
}

/** Numbers by name. */
export type Counts = Record<string, number>;

/** Messages to the process of the listener: first its options, then requests for reports. */
export type ListenerOrder =
  | {
      readonly listen: {
        readonly port: number;
        readonly honest: readonly Endpoint[];
        readonly dataDir: string;
      };
    }
  | { readonly report: true }
  | { readonly reasons: true };

/** Messages from the process: that it listens, a report, the reasons so far. */
export type ListenerNews =
  | { readonly listening: true }
  | { readonly report: ListenerReport }
  | { readonly reasons: ListenerReport['reasons'] };

// As the command does that listens.
keepHeapSmall();

/**
 * Enough connections for all culprits. They dial from loopback, where no address has a share, so that a
 * thousand connections of one would otherwise exclude all others.
 */
const MAX_INBOUND = 2_000;

/**
 * Valid transactions of culprits stay in the relay view up to this limit. It is small, so that they neither
 * look like a leak nor hide one.
 */
const MEMPOOL_BYTES = 2_000_000;

/** How often the delay of the event loop is looked at. */
const LAG_LOOK_MS = 10;

const COLLECTIONS = 3;

/** This many objects fill the largest young generation; and how long they are created. */
const YOUNG_OBJECTS = 300_000;
const YOUNG_MS = 1_000;

const honest: Record<string, { received: Counts; sent: Counts }> = {};
const reasons: Record<string, Counts> = {};
const messages: Counts = {};
const lag = monitorEventLoopDelay({ resolution: LAG_LOOK_MS });
let peak = 0;

const count = (counts: Counts, name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));
const tell = (news: ListenerNews): void => void process.send?.(news);

async function listen(port: number, honestPeers: readonly Endpoint[], dataDir: string): Promise<void> {
  const listener = await startApp(
    {
      node: 'zoo',
      network: 'regtest',
      connect: honestPeers,
      join: { peers: 0, listen: { host: '127.0.0.1', port }, maxInbound: MAX_INBOUND },
      exports: ['stdout:'],
      spools: { directory: dataDir, maxBytes: 0 },
      dataDir,
      intervalMs: 1_000,
      policy: 'core',
      wtxidRelay: true,
      transport: 'auto',
      txPerSecond: 100,
      maxUserAgents: 200,
      mempoolBytes: MEMPOOL_BYTES,
    },
    { log: createLog('error') },
  );
  const { bus } = listener;
  bus.on('received', ({ peer, command }) => {
    if (peer.outbound) count((honest[peer.address] ??= { received: {}, sent: {} }).received, command);
    else count(messages, hostOf(peer.address));
  });
  bus.on('sent', ({ peer, command }) => {
    if (peer.outbound) count((honest[peer.address] ??= { received: {}, sent: {} }).sent, command);
  });
  const note = (address: string, reason: string): void => count((reasons[hostOf(address)] ??= {}), reason);
  bus.on('violation', ({ peer, reason }) => note(peer.address, reason));
  bus.on('disconnected', ({ peer, reason }) => note(peer.address, reason));
  bus.on('refused', ({ reason }) => note('refused:0', reason));
  growYoungGeneration();
  setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 250).unref();
  tell({ listening: true });
  process.on('disconnect', () => void listener.stop().then(() => process.exit(0)));
}

/**
 * V8 doubles the memory for young objects, up to 32 MB, as soon as many of them are alive, and keeps it. Any
 * busy hour does that. Here it happens at the start, so that memory is comparable before and after.
 */
function growYoungGeneration(): void {
  const until = performance.now() + YOUNG_MS;
  let living: object[] = [];
  while (performance.now() < until) {
    for (let n = 0; n < YOUNG_OBJECTS; n++) living.push({ n });
    living = [];
  }
}

/** Buffers are freed a moment after the collection that found them unused. */
async function report(): Promise<void> {
  lag.disable();
  const lagP99Ms = lag.percentile(99) / 1e6 - LAG_LOOK_MS;
  for (let n = 0; n < COLLECTIONS; n++) {
    globalThis.gc?.();
    await sleep(200);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const live = heapUsed + external;
  tell({ report: { honest, reasons, messages, resident: rss, live, peak, lagP99Ms } });
  lag.reset();
  lag.enable();
}

process.on('message', (order: ListenerOrder) => {
  if ('listen' in order) {
    const { port, honest: peers, dataDir } = order.listen;
    void listen(port, peers, dataDir);
    return;
  }
  if ('reasons' in order) tell({ reasons });
  else void report();
});
