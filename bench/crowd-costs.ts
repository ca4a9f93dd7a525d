// Measures what a message, a dial and the end of a connection cost while 100, 1,000 and 10,000 peers are
// connected, with all collectors: none of these may look at all peers. The sockets are of this process and
// lead nowhere; the rest is the program's own code. The exit status is 1 if a curve rises by more than 20 %
// (support/cost-curve.ts).
//
// Messages and dials are judged by their processor time. Where messages are measured, the pools of all sizes
// exist at the same time, so that the collector has the same heap for each.
//
// Where connections end, 10,000 peers are connected at every size, in as many pools of that size. They joined
// in turns, so that those that end lie as far apart in memory at every size. The caches of the processor are
// emptied before each end (support/cold-caches.ts). Otherwise they hold 100 peers and not 10,000, and the
// memory is measured in place of the program. What an end takes with warm caches is printed as well, and not
// judged: in such pools, and in a single pool.
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { SystemClock } from '#dist/lib/clock';
import { EventBus } from '#dist/lib/event-bus';
import { LiveView } from '#dist/live/live-view';
import type { MonitorEvents } from '#dist/metrics/collector';
import { COLLECTORS } from '#dist/metrics/collectors/list';
import { connectCollectors } from '#dist/metrics/connect-collectors';
import { PeerAccounts } from '#dist/metrics/sessions/peer-accounts';
import { Connections } from '#dist/p2p/connections';
import { AddressManager } from '#dist/p2p/join/address-manager';
import { parseIp } from '#dist/p2p/join/ip';
import { Outbound, type OutboundPeer } from '#dist/p2p/join/outbound';
import { Pool } from '#dist/p2p/pool';
import type { PeerSocket } from '#dist/p2p/route/route';
import { Routes } from '#dist/p2p/route/routes';
import { encodeFrame } from '#dist/wire/framing';
import { readHash } from '#dist/wire/hash';
import { encodeInventory, INV_WTX } from '#dist/wire/messages/inventory';
import { NETWORKS } from '#dist/wire/networks';
import { NO_COMPACT } from '../test/support/compact';
import { versionPayload } from '../test/support/fake-peer';
import { collectorContext } from './support/collector-context';
import { ColdCaches } from './support/cold-caches';
import { costCurve, type MakeRound, type Round, type TimedRound } from './support/cost-curve';

const LARGEST = 10_000;
const SIZES = [100, 1_000, LARGEST] as const;
const MOST_RISE = 1.2;

const MESSAGES = 4_000;
const ROUNDS = 41;
const ROUNDS_OF_POOLS = 9;
const ITEMS = 35;
const DIALS = 1_000;
const ENDS = 100;

const { magic } = NETWORKS.mainnet;
const GREETING = Buffer.concat([
  encodeFrame(magic, 'version', versionPayload({ services: 1_033n })),
  encodeFrame(magic, 'wtxidrelay', Buffer.alloc(0)),
  encodeFrame(magic, 'verack', Buffer.alloc(0)),
]);

/** The address of a peer, each in a netgroup with few others. */
function hostOf(n: number): string {
  return `${30 + (n % 60)}.${Math.floor(n / 60) % 250}.${Math.floor(n / 15_000)}.1`;
}

/** A socket to a peer that greets whoever dials it. */
class Greeter extends EventEmitter {
  readonly writableLength = 0;
  private hasGreeted = false;
  private isDestroyed = false;

  constructor() {
    super();
    queueMicrotask(() => this.emit('connect'));
  }

  write(): boolean {
    if (this.hasGreeted) return true;
    this.hasGreeted = true;
    queueMicrotask(() => this.emit('data', GREETING));
    return true;
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    queueMicrotask(() => this.emit('close'));
  }

  setNoDelay(): void {
    // There is no delay.
  }

  pause(): void {
    // Nothing is read that was not sent by hand.
  }

  resume(): void {
    // The same.
  }
}

/** The peers of one pool. */
interface Crowd {
  readonly sockets: readonly Greeter[];
  /** Connects the next peer. */
  readonly join: () => void;
  readonly handshakes: () => number;
  readonly end: () => void;
}

/** A pool that connects this many peers, each when it is told to. */
function crowdOf(size: number): Crowd {
  const sockets: Greeter[] = [];
  const open = (): PeerSocket => {
    const socket = new Greeter();
    sockets.push(socket);
    return socket as unknown as PeerSocket;
  };
  const bus = new EventBus<MonitorEvents>();
  const times = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
  const accounts = new PeerAccounts(times);
  const live = new LiveView(
    { node: 'bench', network: 'mainnet' },
    { nowMs: times.nowMs, accounts, complain: failed },
  );
  connectCollectors(
    [...COLLECTORS.map((create) => create({ ...collectorContext(() => undefined), accounts })), live],
    bus,
    failed,
  );
  let handshakes = 0;
  bus.on('handshake', () => (handshakes += 1));
  // A peer joins when its name is found.
  const found: (() => void)[] = [];
  const lookup = (name: string): Promise<readonly string[]> =>
    new Promise((resolve) => found.push(() => resolve([hostOf(parseInt(name, 10))])));
  const pool = new Pool(
    {
      ...{ network: 'mainnet', userAgent: '/bench/', wtxidRelay: true, txPerSecond: 1e6 },
      connect: Array.from({ length: size }, (_, n) => ({ host: `${n}.bench`, port: 8_333 })),
      routes: new Routes({ ipv4: { timeoutMs: 10_000, open } }),
    },
    {
      ...{ bus, clock: new SystemClock(), lookup, reportUnreachable: () => undefined },
      ...NO_COMPACT,
      fault: failed,
    },
  );
  pool.start();
  let joined = 0;
  return {
    sockets,
    join: () => found[joined++]?.(),
    handshakes: () => handshakes,
    end: () => void pool.stop(),
  };
}

/**
 * Pools with this many peers each, all of whose handshakes are complete. Their peers joined in turns, so that
 * those of one pool lie as far apart in memory as there are pools.
 */
async function connectedPools(size: number, count: number): Promise<readonly Crowd[]> {
  const pools = Array.from({ length: count }, () => crowdOf(size));
  for (let n = 0; n < size; n++) {
    for (const pool of pools) pool.join();
    // In the turn of each, its handshake is completed.
    await setImmediate();
  }
  while (pools.some(({ handshakes }) => handshakes() < size)) await setImmediate();
  return pools;
}

/** One of these. */
async function connectedPool(size: number): Promise<Crowd> {
  const [pool] = await connectedPools(size, 1);
  if (pool === undefined) throw new Error('there is no pool');
  return pool;
}

function failed(...what: readonly unknown[]): void {
  throw new Error(`the program failed: ${what.map(String).join(' ')}`);
}

/** An `inv` of transactions that all other peers announce as well. The pool lives for all rounds. */
async function messages(size: number): Promise<() => Round> {
  const { sockets } = await connectedPool(size);
  const hashes = randomBytes(32 * ITEMS);
  const items = Array.from({ length: ITEMS }, (_, i) => ({ type: INV_WTX, hash: readHash(hashes, 32 * i) }));
  const frame = encodeFrame(magic, 'inv', encodeInventory(items));
  const work = (): void => {
    for (let i = 0; i < MESSAGES; i++) sockets[i % Math.min(size, 100)]?.emit('data', frame);
  };
  return () => ({ count: MESSAGES, work });
}

/** A `feefilter` with another feerate each time, while each peer has told another one. */
async function feeFilters(size: number): Promise<() => Round> {
  const { sockets } = await connectedPool(size);
  let feerate = 1_000;
  const frame = (): Buffer => {
    const payload = Buffer.alloc(8);
    // Each lies anywhere among those of the others.
    payload.writeBigUInt64LE(BigInt((feerate = (feerate * 7_919) % 1_000_003)));
    return encodeFrame(magic, 'feefilter', payload);
  };
  for (const socket of sockets) socket.emit('data', frame());
  return () => {
    const frames = Array.from({ length: MESSAGES }, frame);
    const work = (): void => {
      for (const [i, each] of frames.entries()) sockets[i % Math.min(size, 100)]?.emit('data', each);
    };
    return { count: MESSAGES, work };
  };
}

/** Ends of connections. */
interface Ends {
  readonly each: readonly (() => void)[];
  /** Stops the pools. */
  readonly end: () => void;
}

/** The end of connections of one of these pools, with all that is forgotten of them. */
async function ends(size: number, pools: number): Promise<Ends> {
  const connected = await connectedPools(size, pools);
  const { sockets = [] } = connected[0] ?? {};
  const chosen = Array.from({ length: ENDS }, (_, i) => sockets[Math.floor((i * size) / ENDS)]);
  return {
    each: chosen.map((socket) => () => void socket?.emit('close')),
    end: () => {
      for (const pool of connected) pool.end();
    },
  };
}

/** The same, one after the other. */
async function warmEnds(size: number, pools: number): Promise<Round> {
  const { each, end } = await ends(size, pools);
  // What follows the end in a microtask is included.
  const work = async (): Promise<void> => {
    for (const close of each) close();
    await Promise.resolve();
  };
  return { count: ENDS, work, end };
}

/** The same, each while the caches are cold. */
async function coldEnds(size: number, pools: number, caches: ColdCaches): Promise<TimedRound> {
  const { each, end } = await ends(size, pools);
  return { time: () => caches.time(each), end };
}

/** A connection that was dialled, without a socket. */
function dialOf(id: number, host: string): OutboundPeer {
  return {
    ...{ id, host, port: 8_333, openedAt: 0, outbound: true, established: true, claims: null },
    ...{ transport: 'v1', close: () => undefined },
  };
}

const unixTime = (): number => 1_800_000_000;

/** An address book that is nearly full. Filling it takes half a second, so that all rounds use one. */
function fullBook(): AddressManager {
  const book = new AddressManager({ network: 'mainnet', peers: 20_000, secret: randomBytes(32), unixTime });
  for (let n = 0; n < 60_000; n++) {
    const raw = parseIp(hostOf(n));
    if (raw !== null)
      book.add({ ...raw, port: 8_333, services: 1_033n, time: unixTime() - 100 }, `source:${n % 5_000}`);
  }
  return book;
}

/** The choice of an address, with what is noted of the dial and of its handshake. */
function dials(size: number, addrman: AddressManager): Round {
  const connections = new Connections<OutboundPeer>('mainnet');
  let wanted = size;
  let id = 0;
  const outbound: Outbound = new Outbound({
    ...{ addrman, network: 'mainnet', peers: 20_000, rotation: null, mode: 'v1', connections },
    pace: {
      tick: (_most, _unfinished, dial) => {
        for (let i = 0; i < wanted; i++) dial();
      },
    },
    isBanned: () => false,
    open: (host) => {
      const connection = dialOf(++id, host);
      connections.add(connection);
      queued.push(connection);
      return connection;
    },
    monotonicMs: () => 0,
    changed: () => undefined,
  });
  const queued: OutboundPeer[] = [];
  const work = (): void => {
    outbound.tick();
    for (const connection of queued.splice(0)) {
      connections.greeted(connection);
      outbound.worked(connection);
    }
  };
  work();
  wanted = DIALS;
  return { count: DIALS, work };
}

/** A curve that is measured. */
interface Curve {
  readonly name: string;
  /** For each size. */
  readonly make: () => readonly MakeRound[] | Promise<readonly MakeRound[]>;
  readonly most?: number;
  readonly rounds?: number;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const book = fullBook();
  const caches = new ColdCaches();
  const curves: readonly Curve[] = [
    { name: 'dial', make: () => SIZES.map((size) => () => dials(size, book)) },
    {
      name: 'end of a connection, cold caches',
      make: () => SIZES.map((size) => () => coldEnds(size, LARGEST / size, caches)),
      rounds: ROUNDS_OF_POOLS,
    },
    {
      name: 'end of a connection, warm caches (not judged)',
      make: () => SIZES.map((size) => () => warmEnds(size, LARGEST / size)),
      most: Infinity,
      rounds: ROUNDS_OF_POOLS,
    },
    {
      name: 'end of a connection, warm caches, one pool (not judged)',
      make: () => SIZES.map((size) => () => warmEnds(size, 1)),
      most: Infinity,
      rounds: ROUNDS_OF_POOLS,
    },
    { name: 'message', make: () => Promise.all(SIZES.map(messages)) },
    { name: 'message, feefilter', make: () => Promise.all(SIZES.map(feeFilters)) },
  ];
  const labels = SIZES.map((size) => `${size} peers`);
  for (const { name, make, most = MOST_RISE, rounds = ROUNDS } of curves) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    await costCurve(`crowd-costs: ${name}`, labels, await make(), { most, rounds });
  }
  process.exit();
}

void main();
