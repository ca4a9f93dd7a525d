import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '#dist/app/listener';
import { keepHeapSmall } from '#dist/cli/heap';
import { createLog } from '#dist/lib/log';
import type { Endpoint } from '../../src/p2p/endpoint';
import { HONEST_PEERS } from './honest-data';

/** What the listener did and saw, for its judge. */
export interface ListenerReport {
  /** By address of each honest peer: messages by command. */
  readonly honest: Readonly<Record<string, { readonly received: Counts; readonly sent: Counts }>>;
  /** By host of everybody else: violations, ends and refusals by reason. */
  readonly reasons: Readonly<Record<string, Counts>>;
  /** Resident memory in bytes, after a collection of garbage. */
  readonly resident: number;
  /** Of that, what is in use: the heap, and buffers. */
  readonly live: number;
  /** The most that was seen, sampled four times a second. */
  readonly peak: number;
  /** Messages that came from everybody but the honest, by host. */
  readonly messages: Counts;
}

/** Numbers by name. */
export type Counts = Record<string, number>;

/** What the process of the listener is told to listen with, once; then it is asked for reports. */
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

/** What it tells: that it listens, a report, the reasons so far. */
export type ListenerNews =
  | { readonly listening: true }
  | { readonly report: ListenerReport }
  | { readonly reasons: ListenerReport['reasons'] };

// As the command does that listens.
keepHeapSmall();

/**
 * Places for everybody: culprits dial from loopback, which is exempt from the share that an address has, so
 * that the thousand connections of one would keep all others out.
 */
const MAX_INBOUND = 2_000;

/**
 * Transactions of culprits that keep the rules stay in the relay view up to its bound, which is the user's to
 * choose: a small one here, so that what stays is not taken for a leak, nor hides one.
 */
const MEMPOOL_BYTES = 2_000_000;

const COLLECTIONS = 3;

/**
 * As many objects at once fill a young generation that has grown as far as it can; and how long they come and
 * go.
 */
const YOUNG_OBJECTS = 300_000;
const YOUNG_MS = 1_000;

const honest: Record<string, { received: Counts; sent: Counts }> = {};
const reasons: Record<string, Counts> = {};
const messages: Counts = {};
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
 * V8 doubles the memory for young objects, up to 32 MB, as soon as many of them live, and keeps it: any busy
 * hour does that. Here it is done at the start, so that it is the same before and after.
 */
function growYoungGeneration(): void {
  const until = performance.now() + YOUNG_MS;
  let living: object[] = [];
  while (performance.now() < until) {
    for (let n = 0; n < YOUNG_OBJECTS; n++) living.push({ n });
    living = [];
  }
}

/** Buffers are freed a moment after a collection has found that nobody needs them. */
async function report(): Promise<void> {
  for (let n = 0; n < COLLECTIONS; n++) {
    globalThis.gc?.();
    await sleep(200);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  tell({ report: { honest, reasons, messages, resident: rss, live: heapUsed + external, peak } });
}

process.on('message', (order: ListenerOrder) => {
  if ('listen' in order) {
    const { port, honest: peers, dataDir } = order.listen;
    if (peers.length !== HONEST_PEERS) throw new Error('an honest peer is missing');
    void listen(port, peers, dataDir);
    return;
  }
  if ('reasons' in order) tell({ reasons });
  else void report();
});
