// Measures the processor time of a message, of a dial and of the end of a connection while 100, 1,000 and
// 10,000 peers are connected, with all collectors: none of these may look at all peers. The sockets are of
// this process and lead nowhere; the rest is the program's own code. Where messages are measured, the pools
// of all sizes exist at the same time, so that the collector has the same heap for each. Where connections
// end, 10,000 peers are connected at every size, in as many pools of that size: what depends on the number of
// peers of a pool shows, and not that the caches of the processor hold 100 peers and not 10,000. What a
// single pool costs is printed as well, and not judged; and what the ends of 100 peers cost in one pool of
// 10,000, when they lie side by side in memory, and when they lie among 1,000 and 10,000 others. The exit
// status is 1 if a curve rises by more than 20 % (support/cost-curve.ts).
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
import { costCurve, type MakeRound, type Round } from './support/cost-curve';

const LARGEST = 10_000;
const SIZES = [100, 1_000, LARGEST] as const;
const MOST_RISE = 1.2;

const MESSAGES = 4_000;
const ROUNDS = 41;
const ROUNDS_OF_POOLS = 21;
const ROUNDS_UNJUDGED = 11;
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

/** A pool with this many peers, all of whose handshakes are complete. */
async function connectedPool(
  size: number,
): Promise<{ readonly sockets: readonly Greeter[]; readonly end: () => void }> {
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
  const pool = new Pool(
    {
      ...{ network: 'mainnet', userAgent: '/bench/', wtxidRelay: true, txPerSecond: 1e6 },
      connect: Array.from({ length: size }, (_, n) => ({ host: hostOf(n), port: 8_333 })),
      routes: new Routes({ ipv4: { timeoutMs: 10_000, open } }),
    },
    {
      ...{ bus, clock: new SystemClock(), reportUnreachable: () => undefined },
      ...NO_COMPACT,
      fault: failed,
    },
  );
  pool.start();
  while (handshakes < size) await setImmediate();
  return { sockets, end: () => void pool.stop() };
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

/**
 * The end of connections, with all that is forgotten of them: as many of each of these pools.
 * @param apart from how many neighbours of a pool they are taken, at equal distances
 */
async function ends(size: number, pools: number, apart = size): Promise<Round> {
  const connected: Awaited<ReturnType<typeof connectedPool>>[] = [];
  while (connected.length < pools) connected.push(await connectedPool(size));
  const ofEach = ENDS / pools;
  const ending = connected.flatMap(({ sockets }) =>
    Array.from({ length: ofEach }, (_, i) => sockets[Math.floor((i * apart) / ofEach)]),
  );
  // What follows the end in a microtask is included.
  const work = async (): Promise<void> => {
    for (const socket of ending) socket?.emit('close');
    await Promise.resolve();
  };
  const end = (): void => {
    for (const pool of connected) pool.end();
  };
  return { count: ENDS, work, end };
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
  readonly make: () => readonly MakeRound[] | Promise<readonly MakeRound[]>;
  /** Default: the sizes. */
  readonly labels?: readonly string[];
  readonly most?: number;
  readonly rounds?: number;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const book = fullBook();
  const curves: readonly Curve[] = [
    { name: 'dial', make: () => SIZES.map((size) => () => dials(size, book)) },
    {
      name: 'end of a connection',
      make: () => SIZES.map((size) => () => ends(size, LARGEST / size)),
      rounds: ROUNDS_OF_POOLS,
    },
    {
      name: 'end of a connection, one pool (not judged)',
      make: () => SIZES.map((size) => () => ends(size, 1)),
      most: Infinity,
      rounds: ROUNDS_UNJUDGED,
    },
    {
      name: `end of a connection, one pool of ${LARGEST} (not judged)`,
      labels: SIZES.map((size) => `${ENDS} of ${size} neighbours`),
      make: () => SIZES.map((size) => () => ends(LARGEST, 1, size)),
      most: Infinity,
      rounds: ROUNDS_UNJUDGED,
    },
    { name: 'message', make: () => Promise.all(SIZES.map(messages)) },
    { name: 'message, feefilter', make: () => Promise.all(SIZES.map(feeFilters)) },
  ];
  const sizes = SIZES.map((size) => `${size} peers`);
  for (const { name, make, labels = sizes, most = MOST_RISE, rounds = ROUNDS } of curves) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    await costCurve(`crowd-costs: ${name}`, labels, await make(), { most, rounds });
  }
  process.exit();
}

void main();
