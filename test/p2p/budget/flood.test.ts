import { Judge } from '../../../src/mempool/judge';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, SystemClock } from '../../../src/lib/clock';
import { EventBus } from '../../../src/lib/event-bus';
import type { Exporter } from '../../../src/export/exporter';
import type { WriteResult } from '../../../src/metrics/write-result';
import { memoryQueue } from '../../../src/export/make-queue';
import { connectCollectors } from '../../../src/metrics/connect-collectors';
import type { MonitorEvents } from '../../../src/metrics/collector';
import { btcdmon } from '../../../src/metrics/collectors/btcdmon';
import { tx } from '../../../src/metrics/collectors/tx';
import { Emitter } from '../../../src/metrics/emitter';
import type { Point } from '../../../src/metrics/point';
import type { SeriesName } from '../../../src/metrics/schema';
import type { PeerInfo } from '../../../src/p2p/p2p-events';
import { encodeFrame } from '../../../src/wire/framing';
import { prepareJoin } from '../../../src/p2p/join/prepare-join';
import { decodeInventory, encodeInventory, INV_WTX } from '../../../src/wire/messages/inventory';
import { type Hash, wireHash } from '../../../src/wire/hash';
import { NETWORKS } from '../../../src/wire/networks';
import { Pool } from '../../../src/p2p/pool';
import { parseTransaction } from '../../../src/wire/transaction';
import { Cleanup } from '../../support/cleanup';
import { NO_COMPACT } from '../../support/compact';
import { fakeHash } from '../../support/fake-hash';
import { dialListener, type FakeConnection, FakePeer, versionPayload } from '../../support/fake-peer';
import { freePort } from '../../support/free-port';
import { startStrangers, type Strangers } from '../../support/strangers';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** An exporter that keeps its points and blocks until it is released, like a slow receiver. */
class Slow implements Exporter {
  readonly name = 'slow';
  readonly points: Point[] = [];
  release: () => void = () => undefined;
  private readonly released = new Promise<void>((resolve) => (this.release = resolve));

  open(): Promise<void> {
    return Promise.resolve();
  }

  async write(points: readonly Point[]): Promise<WriteResult> {
    await this.released;
    this.points.push(...points);
    return { sent: points.length, acked: points.length, rejection: undefined };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

type Counts = Record<string, number>;

const count = (counts: Counts, key: string, more = 1): void => void (counts[key] = (counts[key] ?? 0) + more);

/** A listener with a kept peer, whose points wait in a queue of the default size. */
async function listen(options: { clock?: Clock; peer?: Parameters<typeof FakePeer.start>[0] } = {}) {
  const { clock = new SystemClock() } = options;
  const peer = cleanup.add(await FakePeer.start(options.peer), (it) => it.stop());
  const port = await freePort();
  const log = { info: () => undefined, warn: () => undefined };
  const join = await prepareJoin(
    { peers: 0, maxInbound: 64, listen: { host: '127.0.0.1', port } },
    { network: 'regtest', hasPeers: true, log },
  );
  const bus = new EventBus<MonitorEvents>();
  const exporter = new Slow();
  const queue = memoryQueue({ flushMs: 5 }, { exporter, clock, warn: () => undefined });
  const emitter = new Emitter(
    { node: 'n', network: 'regtest' },
    { clock, sink: queue, isInbound: () => pool.isServingInbound },
  );
  const { emit } = emitter;
  const emitted = (series: SeriesName): number => emitter.emitted(series);
  const fault = (_: string, error: unknown): void => {
    throw error;
  };
  const judge = new Judge('core', { bus, monotonicMs: () => clock.monotonicMs() });
  bus.on('transaction', ({ transaction, first, receivedMs }) => {
    if (first) judge.judge(transaction, undefined, receivedMs);
  });
  const judges = [
    tx({ emit } as Parameters<typeof tx>[0]),
    btcdmon({
      ...{ emit, emitted, exporters: () => [], intervalMs: 1_000 },
      mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
    }),
  ];
  const interval = connectCollectors(judges, bus, fault);
  const received: Counts = {};
  const violations: Counts = {};
  const ends: Counts = {};
  const hostOf = ({ address }: PeerInfo): string => address.slice(0, address.lastIndexOf(':'));
  bus.on('received', ({ peer: { outbound }, command }) =>
    count(received, `${outbound ? 'out' : 'in'} ${command}`),
  );
  bus.on('violation', ({ peer: who, reason }) => count(violations, `${hostOf(who)} ${reason}`));
  bus.on('disconnected', ({ peer: who, reason }) => count(ends, `${hostOf(who)} ${reason}`));
  const pool = new Pool(
    {
      ...{ network: 'regtest', connect: [{ host: peer.host, port: peer.port }], join },
      ...{ userAgent: '/test/', wtxidRelay: true, txPerSecond: 1_000 },
    },
    {
      ...{ bus, clock, ...NO_COMPACT, reportUnreachable: () => undefined },
      fault: (error) => {
        throw error;
      },
    },
  );
  cleanup.add(pool, (it) => it.stop());
  pool.start();
  await until('the kept peer', () => received['out verack'] === 1);
  return { port, peer, bus, exporter, queue, emitted, interval, received, violations, ends };
}

const strangers = (order: Parameters<typeof startStrangers>[0]): Strangers =>
  cleanup.add(startStrangers(order), (it) => it.stop());

const dial = async (port: number, from: string): Promise<FakeConnection> => {
  const connection = cleanup.add(await dialListener(port, { from }), ({ socket }) => socket.destroy());
  await until('a handshake', () => connection.commands().includes('verack'));
  return connection;
};

/** A transaction with this many outputs of 9 bytes; the number makes it unique. */
function transaction(outputs: number, number = 0): Buffer {
  const head = Buffer.from(`0200000001${'11'.repeat(32)}0000000000ffffffff`, 'hex');
  head.writeUInt32LE(number, 5);
  const size = Buffer.of(0xfd, outputs & 0xff, outputs >> 8);
  return Buffer.concat([head, outputs < 0xfd ? Buffer.of(outputs) : size, Buffer.alloc(9 * outputs + 4)]);
}

/** Transactions that a peer serves. */
class Shop {
  readonly txids: string[] = [];
  private readonly byHash = new Map<Hash, Buffer>();

  constructor(first: number, amount: number) {
    for (let i = 0; i < amount; i++) {
      const raw = transaction(2, first + i);
      const { txid } = parseTransaction(raw);
      this.txids.push(txid);
      this.byHash.set(wireHash(txid), raw);
    }
  }

  /** Announces all of them. */
  announce(connection: FakeConnection): void {
    for (const hash of this.byHash.keys()) connection.send('inv', encodeInventory([{ type: INV_WTX, hash }]));
  }

  /** Sends those that were requested since the last call. */
  serve(connection: FakeConnection, from = 0): number {
    for (const { command, payload } of connection.got.slice(from)) {
      if (command !== 'getdata') continue;
      for (const { hash } of decodeInventory(payload)) {
        const raw = this.byHash.get(hash);
        if (raw !== undefined) connection.send('tx', raw);
      }
    }
    return connection.got.length;
  }
}

const OUTPUTS = 20_000;

it('a flood of transactions costs only its sender points, and then the connection', async () => {
  const it = await listen();
  const [keptOne] = it.peer.connections;
  if (keptOne === undefined) throw new Error('no connection');
  const honest = await dial(it.port, '127.0.0.9');
  const from = ['127.0.0.66', '127.0.0.67'];
  const shops = [new Shop(1_000_000, 100), new Shop(2_000_000, 100)] as const;
  const flood = strangers({
    ...{ port: it.port, from, command: 'tx', payload: transaction(OUTPUTS).toString('hex') },
    ...{ numberAt: 5, count: 40, reads: true },
  });
  await until('the flood', () => (it.received['in tx'] ?? 0) > 2);
  shops[0].announce(keptOne);
  shops[1].announce(honest);
  let [kept, inbound] = [0, 0];
  await until('all honest transactions', () => {
    kept = shops[0].serve(keptOne, kept);
    inbound = shops[1].serve(honest, inbound);
    return it.received['out tx'] === 100 && flood.isDone();
  });
  await until('those of the inbound peer', () => {
    inbound = shops[1].serve(honest, inbound);
    return honest.sent.filter(({ command }) => command === 'tx').length === 100;
  });
  honest.send('ping', Buffer.alloc(8));
  await until('their handling', () => honest.commands().includes('pong'));
  await until('the ends', () => flood.ended().length === 2);
  it.interval();
  it.exporter.release();
  await it.queue.flush();
  await until('all points', () => it.queue.stats().queued === 0);

  const shas = it.exporter.points.filter(({ series }) => series === 'tx').map(({ fields }) => fields['sha']);
  for (const { txids } of shops) expect(shas.filter((sha) => txids.includes(String(sha)))).toEqual(txids);
  expect(it.queue.stats().dropped).toBe(0);
  expect(it.ends).toEqual({ '127.0.0.66 flood': 1, '127.0.0.67 flood': 1 });
  expect(Object.keys(it.violations).sort()).toEqual(
    from.flatMap((host) => [`${host} flood`, `${host} over-budget`]),
  );
  // Every point was stored or counted as dropped.
  const received = (it.received['in tx'] ?? 0) + (it.received['out tx'] ?? 0);
  const shed = it.exporter.points.filter(
    ({ series, tags }) => series === 'btcdmon' && tags['series'] === 'tx',
  );
  expect(shas.length + Number(shed[0]?.fields['shed'])).toBe(received);
  expect(it.violations['127.0.0.66 over-budget']).toBeGreaterThan(1);
  const outputs = it.exporter.points.find(({ tags }) => tags['series'] === 'tx_outputs')?.fields;
  const floods = received - 200;
  expect(Number(outputs?.['shed']) + Number(outputs?.['emitted'])).toBe(200 * 2 + floods * OUTPUTS);
});

it('a dropped transaction is requested from another peer that has it', async () => {
  const it = await listen();
  const big = transaction(2, 5);
  const { txid } = parseTransaction(big);
  const greedy = await dial(it.port, '127.0.0.66');
  const shas: string[] = [];
  it.bus.on('transaction', (event) => shas.push(event.transaction.txid));
  // Exactly all of its points.
  greedy.send('tx', transaction(31_246, 1));
  await until('the first', () => shas.length === 1);
  greedy.send('inv', encodeInventory([{ type: INV_WTX, hash: wireHash(txid) }]));
  await until('the question', () => greedy.commands().includes('getdata'));
  const honest = await dial(it.port, '127.0.0.9');
  honest.send('inv', encodeInventory([{ type: INV_WTX, hash: wireHash(txid) }]));
  honest.send('ping', Buffer.alloc(8));
  await until('the announcement', () => honest.commands().includes('pong'));
  // However much of its budget has refilled: at most three of these pass, and the debt is no flood.
  for (const n of [2, 3, 4, 5]) greedy.send('tx', transaction(10_000, n));
  greedy.send('tx', big);
  await until('the same question', () => honest.commands().includes('getdata'));
  honest.send('tx', big);
  await until('it', () => shas.includes(txid));
  expect(Object.keys(it.violations)).toEqual(['127.0.0.66 over-budget']);
});

it('eight ping floods are handled in small turns, and every message is counted and answered', async () => {
  const clock = {
    ms: 0,
    ns: 0n,
    monotonicMs: () => (clock.ms += 2),
    uniqueNs: () => ++clock.ns,
  };
  const it = await listen({ clock });
  const from = Array.from({ length: 8 }, (_, i) => `127.0.0.${70 + i}`);
  let turn = 0;
  const state = { isOver: false };
  const turns = (async () => {
    for (; !state.isOver; turn++) await nextTurn();
  })();
  const most = new Map<string, { turn: number; count: number }>();
  let longest = 0;
  let read = 0;
  let answered = 0;
  it.bus.on('bytesRead', ({ peer, bytes }) => {
    if (!peer.outbound) read += bytes;
  });
  it.bus.on('sent', ({ command }) => (answered += command === 'pong' ? 1 : 0));
  it.bus.on('received', ({ peer: { address }, command }) => {
    if (command !== 'ping') return;
    const last = most.get(address);
    const same = last?.turn === turn ? last.count : 0;
    most.set(address, { turn, count: same + 1 });
    longest = Math.max(longest, same + 1);
  });
  const flood = strangers({
    ...{ port: it.port, from, command: 'ping', payload: '0102030405060708', count: 10_000, reads: true },
  });
  await until('all pings', () => it.received['in ping'] === 80_000);
  state.isOver = true;
  await turns;
  expect(answered).toBe(80_000);
  expect(read).toBe(8 * (24 + versionPayload().length + 24 + 10_000 * 32));
  // In a slice the clock is read twice, at every 128th ping. There are a few slices in a turn: when bytes
  // come, and in the round.
  expect(longest).toBeLessThan(1_100);
  expect([flood.ended(), it.violations, it.ends]).toEqual([[], {}, {}]);
});

it('a ping flood of a stranger is no longer answered, and ends', async () => {
  const it = await listen();
  const flood = strangers({
    ...{ port: it.port, from: ['127.0.0.66'], command: 'ping', payload: '0102030405060708' },
    ...{ count: 200_000, reads: true },
  });
  await until('its end', () => flood.ended().length === 1);
  expect(it.ends).toEqual({ '127.0.0.66 flood': 1 });
});

it('an inventory of 50,000 items is dropped, and a flood of them ends', async () => {
  const it = await listen();
  let announced = 0;
  it.bus.on('announced', ({ items }) => (announced += items.length));
  const hash = fakeHash('x'.repeat(32));
  const items = Array.from({ length: 50_000 }, () => ({ type: INV_WTX, hash }));
  const flood = strangers({
    ...{
      port: it.port,
      from: ['127.0.0.66'],
      command: 'inv',
      payload: encodeInventory(items).toString('hex'),
    },
    ...{ count: 20, reads: true },
  });
  await until('its end', () => flood.ended().length === 1);
  expect(it.ends).toEqual({ '127.0.0.66 flood': 1 });
  expect([announced, it.received['in inv']]).toEqual([0, it.violations['127.0.0.66 over-budget']]);
});

it('a peer that does not read is paused, and gets everything once it reads', async () => {
  const items = Array.from({ length: 9_000 }, () => ({ type: INV_WTX, hash: fakeHash('x'.repeat(32)) }));
  const question = encodeFrame(NETWORKS.regtest.magic, 'getdata', encodeInventory(items));
  const it = await listen();
  const [deaf] = it.peer.connections;
  if (deaf === undefined) throw new Error('no connection');
  const QUESTIONS = 100;
  deaf.socket.pause();
  for (let i = 0; i < QUESTIONS; i++) deaf.raw(question);
  let handled = -1;
  await until('a standstill', async () => {
    const before = handled;
    handled = it.received['out getdata'] ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return handled > 0 && handled === before;
  });
  expect(handled).toBeLessThan(QUESTIONS);
  deaf.socket.resume();
  await until(
    'all answers',
    () => deaf.commands().filter((name) => name === 'notfound').length === QUESTIONS,
  );
  expect(it.received['out getdata']).toBe(QUESTIONS);
  expect(it.ends).toEqual({});
});

it('incomplete messages are limited over all strangers', async () => {
  const it = await listen();
  const half = encodeFrame(NETWORKS.regtest.magic, 'block', Buffer.alloc(4_000_000)).subarray(0, 3_900_000);
  for (let i = 0; i < 20; i++) {
    const guest = await dial(it.port, `127.0.0.${100 + i}`);
    guest.raw(half);
    await until('its bytes', () => guest.socket.writableLength === 0);
  }
  await until('the ends', () => Object.keys(it.ends).length === 4);
  const first = [100, 101, 102, 103].map((i) => [`127.0.0.${i} incomplete-message`, 1]);
  expect(it.ends).toEqual(Object.fromEntries(first));
});
