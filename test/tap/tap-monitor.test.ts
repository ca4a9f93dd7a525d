import { randomBytes } from 'node:crypto';
import { EventBus } from '../../src/lib/event-bus';
import type { MonitorEvents } from '../../src/metrics/collector';
import type { Direction } from '../../src/tap/copy-format';
import type { TapEvents } from '../../src/tap/tap-events';
import { TapReader } from '../../src/tap/tap-reader';
import { encodeFrame } from '../../src/wire/framing';
import { type Hash, hash256, readHash } from '../../src/wire/hash';
import {
  INV_BLOCK,
  INV_TX,
  INV_WITNESS_FLAG,
  INV_WTX,
  encodeInventory,
} from '../../src/wire/messages/inventory';
import { NETWORKS } from '../../src/wire/networks';
import { parseTransaction } from '../../src/wire/transaction';
import { versionPayload } from '../support/fake-peer';
import { type TapNode, watchTap } from '../support/tap-node';
import { buildHeader, buildTransaction } from '../wire/build';

const { magic } = NETWORKS.regtest;
const hash = (byte: number): Hash => readHash(Buffer.alloc(32, byte), 0);

const COINBASE = buildTransaction({
  inputs: [{ prevHash: Buffer.alloc(32), prevIndex: 0xffff_ffff, sigScript: Buffer.from('0102', 'hex') }],
});

/** A block of a coinbase alone, which differs by its version. */
function blockOf(version: number): { header: Buffer; bytes: Buffer; hash: Hash } {
  const header = buildHeader(version);
  const bytes = Buffer.concat([header, Buffer.of(1), COINBASE]);
  return { header, bytes, hash: hash256(header) };
}

/** A tapped node, whose clocks the test owns. `say` has a message pass that the tap read at `atMs`. */
interface Tapped extends TapNode {
  readonly tap: EventBus<TapEvents>;
  readonly reader: TapReader;
  readonly events: (readonly [keyof MonitorEvents, unknown])[];
  /** The present time, at which the copy is read. */
  readonly now: { ms: number };
  open(id: number, outbound?: boolean): void;
  say(id: number, direction: Direction, command: string, payload?: Buffer, atMs?: number): void;
  told<E extends keyof MonitorEvents>(event: E): MonitorEvents[E][];
}

function tapped(options: { judges?: boolean } = {}): Tapped {
  const tap = new EventBus<TapEvents>();
  const now = { ms: 1_000_000 };
  let ns = 0n;
  const clock = { uniqueNs: () => ++ns, monotonicMs: () => now.ms };
  const node = watchTap(tap, { clock, ...options });
  const reader = new TapReader(magic, tap, { monotonicMs: () => now.ms, wallMs: () => 0, offsetMs: 0 });
  const events: [keyof MonitorEvents, unknown][] = [];
  const names = [
    ...([
      'bytesRead',
      'bytesWritten',
      'bytesMissed',
      'received',
      'sent',
      'handshake',
      'disconnected',
    ] as const),
    ...(['refused', 'violation', 'announced', 'blockAnnounced', 'requested', 'relayed', 'notFound'] as const),
    ...(['addresses', 'pong', 'transaction', 'transactionShed', 'judged', 'block'] as const),
  ];
  for (const name of names) node.bus.on(name, (payload) => events.push([name, payload]));
  const it: Tapped = {
    ...node,
    tap,
    reader,
    events,
    now,
    open: (id, outbound = false) =>
      reader.opened(id, { outbound, host: `192.0.2.${id}`, port: 8333, seenAs: '127.0.0.1:1' }, it.now.ms),
    say: (id, direction, command, payload = Buffer.alloc(0), atMs = it.now.ms) =>
      reader.data(id, direction, encodeFrame(magic, command, payload), atMs),
    told: <E extends keyof MonitorEvents>(event: E) =>
      events.filter(([name]) => name === event).map(([, payload]) => payload as MonitorEvents[E]),
  };
  return it;
}

/** A node with peers 1 to 3 whose handshakes are done. */
function connected(options: { judges?: boolean } = {}): Tapped {
  const it = tapped(options);
  for (const id of [1, 2, 3]) {
    it.open(id, id === 3);
    for (const direction of ['in', 'out'] as const) {
      it.say(id, direction, 'version', versionPayload({ userAgent: `/${direction}/` }));
      it.say(id, direction, 'verack');
    }
  }
  return it;
}

const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

it('tells bytes, messages, handshakes and ends as the node itself sees them, by commands of the list alone', () => {
  const it = connected();
  it.say(1, 'in', 'getaddr');
  it.say(1, 'in', '\x01\xff;DROP', Buffer.alloc(3));
  it.say(1, 'out', 'constructor');
  expect(
    it
      .told('received')
      .map(({ command }) => command)
      .slice(-2),
  ).toEqual(['getaddr', 'other']);
  expect(it.told('sent').at(-1)).toMatchObject({ command: 'other', bytes: 24 });
  expect(
    it.told('handshake').map(({ peer, claims }) => [peer.address, peer.outbound, claims.userAgent]),
  ).toEqual([
    ['192.0.2.1:8333', false, '/in/'],
    ['192.0.2.2:8333', false, '/in/'],
    ['192.0.2.3:8333', true, '/in/'],
  ]);
  it.reader.closed(1, { reason: 'reset-by-node', bytes: { in: 0, out: 0 } }, it.now.ms);
  it.open(4);
  it.reader.closed(4, { reason: 'closed-by-peer', bytes: { in: 0, out: 0 } }, it.now.ms);
  expect(it.told('disconnected')).toMatchObject([
    { peer: { id: 1 }, established: true, reason: 'reset-by-node' },
    { peer: { id: 4 }, established: false, reason: 'closed-by-peer' },
  ]);
  it.reader.missed({ connections: 2, bytes: { in: 70, out: 30 } });
  it.interval();
  const sum = (event: 'bytesRead' | 'bytesWritten'): number =>
    it.told(event).reduce((total, { bytes }) => total + bytes, 0);
  expect(it.fields('bandwidth')).toEqual([
    { bytes_recv: sum('bytesRead') + 70, bytes_sent: sum('bytesWritten') + 30 },
  ]);
  expect(it.fields('msg_recv')).toMatchObject([{ version: 3, verack: 3, getaddr: 1, other: 1, inv: 0 }]);
  expect(it.fields('msg_sent')).toMatchObject([{ version: 3, verack: 3, other: 1 }]);
  // How much inventory a watched node holds back is not seen.
  expect(it.fields('msg_sent')[0]).not.toHaveProperty('inv_known');
  expect(it.fields('peers').at(-1)).toMatchObject({ total_connected: 2, inbound: 1, outbound: 1 });
  expect(it.fields('tap')).toMatchObject([{ inbound: 1, outbound: 1, opaque: 0, missed: 2 }]);
  expect(it.complaints).toEqual([]);
});

it('counts the messages of each connection by command, both ways, in bounded memory', () => {
  const it = connected();
  for (let i = 0; i < 1_000; i++) it.say(1, 'in', `name${i}`, Buffer.alloc(1));
  it.say(1, 'out', 'ping', u64(1n));
  const [connection] = it.reader.open();
  expect(Object.fromEntries(connection?.messages.in.byCommand() ?? [])).toEqual({
    version: { messages: 1, bytes: 24 + versionPayload({ userAgent: '/in/' }).length },
    verack: { messages: 1, bytes: 24 },
    other: { messages: 1_000, bytes: 25_000 },
  });
  expect(connection?.messages.out.byCommand().get('ping')).toEqual({ messages: 1, bytes: 32 });
});

it('counts announcements, of which those are known that any peer announced or sent before', () => {
  const it = connected();
  const inv = (...items: readonly (readonly [number, Hash])[]): Buffer =>
    encodeInventory(items.map(([type, name]) => ({ type, hash: name })));
  it.say(1, 'in', 'inv', inv([INV_WTX, hash(1)], [INV_TX, hash(2)], [INV_BLOCK, hash(3)], [99, hash(4)]));
  it.say(2, 'in', 'inv', inv([INV_WTX, hash(1)], [INV_BLOCK, hash(3)], [INV_BLOCK, hash(5)], [99, hash(4)]));
  it.say(2, 'out', 'getdata', inv([INV_WTX, hash(1)], [INV_BLOCK | INV_WITNESS_FLAG, hash(3)]));
  it.say(2, 'in', 'notfound', inv([INV_WTX, hash(1)]));
  const transaction = buildTransaction();
  const { wireTxid } = parseTransaction(transaction);
  it.say(1, 'in', 'tx', transaction);
  it.say(2, 'in', 'inv', inv([INV_TX, wireTxid]));
  // What the node announces is no announcement to it.
  it.say(3, 'out', 'inv', inv([INV_TX, hash(7)]));
  expect(it.told('announced').map(({ known }) => known)).toEqual([0, 2, 1]);
  expect(it.told('blockAnnounced').map(({ hash: name }) => name)).toEqual([hash(3), hash(3), hash(5)]);
  it.interval();
  expect(it.fields('inv')).toMatchObject([
    {
      ...{ tx: 2, wtx: 2, block: 3, known: 3, requested: 2, notfound: 1 },
      ...{ messages: 3, items_100: 0, largest: 4 },
    },
  ]);
});

it('takes small headers that were not asked for, and compact blocks, as announcements of blocks', () => {
  const it = connected();
  const { header, bytes } = blockOf(1);
  const headers = (count: number): Buffer =>
    Buffer.concat([
      Buffer.of(count),
      ...Array.from({ length: count }, () => Buffer.concat([header, Buffer.of(0)])),
    ]);
  it.say(1, 'out', 'getheaders', Buffer.concat([Buffer.alloc(4), Buffer.of(0), Buffer.alloc(32)]));
  it.say(1, 'in', 'headers', headers(1));
  expect(it.told('blockAnnounced')).toEqual([]);
  it.say(1, 'in', 'headers', headers(1));
  it.say(2, 'in', 'headers', headers(9));
  expect(it.told('blockAnnounced')).toHaveLength(1);
  // A peer that does not answer is not waited for without end.
  it.say(3, 'out', 'getheaders', Buffer.concat([Buffer.alloc(4), Buffer.of(0), Buffer.alloc(32)]));
  it.now.ms += 21_000;
  it.say(3, 'in', 'headers', headers(2));
  expect(it.told('blockAnnounced')).toHaveLength(3);
  // A block of an initial download, asked for and announced by nobody, is not decoded.
  const other = blockOf(2);
  it.say(1, 'out', 'getdata', encodeInventory([{ type: INV_BLOCK, hash: other.hash }]));
  it.say(1, 'in', 'block', other.bytes);
  expect(it.told('block')).toEqual([]);
  it.say(2, 'in', 'block', bytes);
  it.say(3, 'in', 'block', bytes);
  expect(it.told('block')).toMatchObject([
    { peer: { id: 2 }, requested: false, first: true },
    { peer: { id: 3 }, requested: false, first: false },
  ]);
});

it('measures pings by the times of the tap, however late they are read', () => {
  const it = connected();
  it.say(1, 'out', 'ping', u64(5n), it.now.ms + 100);
  it.now.ms += 90_000;
  it.say(1, 'in', 'pong', u64(6n), it.now.ms - 89_890);
  it.say(1, 'in', 'pong', u64(5n), it.now.ms - 89_880);
  it.say(1, 'in', 'pong', u64(5n), it.now.ms);
  expect(it.told('pong')).toMatchObject([{ peer: { id: 1 } }]);
  expect(it.fields('ping')[0]?.rtt).toBeCloseTo(20, 6);
});

it('measures propagation from the node’s own view by the times of the tap, however late they are read', () => {
  const it = connected();
  const transaction = buildTransaction();
  const { wireTxid, txid } = parseTransaction(transaction);
  const item = (type: number): Buffer => encodeInventory([{ type, hash: wireTxid }]);
  const start = it.now.ms;
  // All of it is read 20 seconds later.
  it.now.ms += 20_000;
  it.say(1, 'in', 'inv', item(INV_TX), start);
  it.say(2, 'in', 'inv', item(INV_TX), start + 30);
  it.say(1, 'out', 'getdata', item(INV_TX | INV_WITNESS_FLAG), start + 40);
  it.say(1, 'in', 'tx', transaction, start + 90);
  it.say(3, 'out', 'inv', item(INV_TX), start + 250);
  it.say(3, 'in', 'inv', item(INV_TX), start + 300);
  it.interval();
  expect(it.fields('propagation')).toEqual([]);
  it.now.ms = start + 31_000;
  it.interval();
  expect(it.fields('propagation')).toEqual([
    {
      first_peer: '192.0.2.1:8333',
      peers: 3,
      delay_2nd: 30,
      delay_p50: 30,
      delay_p90: 300,
      delay_requested: 40,
      delay_received: 90,
      delay_processed: undefined,
      delay_relayed: 250,
      sha: txid,
    },
  ]);
});

it.each([
  [true, 1],
  [false, 0],
])('tells each transaction once, and judges it unless the RPC tells of it: %s', (judges, judged) => {
  const it = connected({ judges });
  const transaction = buildTransaction();
  for (const id of [1, 2]) it.say(id, 'in', 'tx', transaction);
  // What the node sends is no transaction that came to it.
  it.say(3, 'out', 'tx', transaction);
  expect(it.told('transaction').map(({ first }) => first)).toEqual([true, false]);
  expect(it.told('judged')).toHaveLength(judged);
  expect(it.fields('tx')).toHaveLength(judged);
});

it('tells what a peer broke, and nothing of the node’s own messages', () => {
  const it = connected();
  const broken = Buffer.of(0xff);
  for (const command of ['inv', 'tx', 'block', 'headers', 'pong', 'addrv2', 'cmpctblock'])
    it.say(1, 'in', command, broken);
  for (const command of ['inv', 'ping', 'getdata', 'headers', 'cmpctblock'])
    it.say(1, 'out', command, broken);
  it.say(2, 'in', 'tx', COINBASE);
  it.reader.data(2, 'out', Buffer.alloc(50, 1), it.now.ms);
  it.reader.data(3, 'in', Buffer.alloc(50, 1), it.now.ms);
  it.open(5);
  it.reader.data(5, 'in', Buffer.from('GET / HTTP/1.1\r\n\r\n'), it.now.ms);
  it.open(6);
  it.reader.data(6, 'in', randomBytes(64).fill(0xfe, 0, 20), it.now.ms);
  expect(it.told('violation').map(({ peer, reason }) => `${peer.id} ${reason}`)).toEqual([
    '1 malformed-message',
    '1 malformed-tx',
    '1 malformed-block',
    '1 malformed-message',
    '1 malformed-message',
    '1 malformed-message',
    '1 malformed-message',
    '2 invalid-tx',
    '3 wrong-magic',
    '5 http',
  ]);
  it.interval();
  expect(it.fields('tap')).toMatchObject([{ inbound: 4, outbound: 1, opaque: 2, opaque_bytes: 18 + 64 }]);
  expect(it.complaints).toEqual([]);
});

it('accounts for every byte: messages, skipped, unread or opaque', () => {
  const it = connected();
  it.open(4);
  it.say(4, 'out', 'version', versionPayload());
  it.say(4, 'out', 'verack');
  it.reader.data(4, 'out', encodeFrame(magic, 'inv', Buffer.alloc(9)).subarray(0, 30), it.now.ms);
  // The other direction turns out to be opaque: what was read before stays counted as messages.
  it.reader.data(4, 'in', randomBytes(40).fill(0xfe, 0, 20), it.now.ms);
  it.reader.data(4, 'out', Buffer.alloc(11), it.now.ms);
  it.reader.gap(4, 'in', 1_000, it.now.ms);
  it.reader.gap(1, 'in', 500, it.now.ms);
  it.reader.data(1, 'in', Buffer.alloc(77), it.now.ms);
  for (const id of [1, 2, 3, 4])
    it.reader.closed(id, { reason: 'stopped', bytes: { in: 0, out: 0 } }, it.now.ms);
  it.interval();
  const [point] = it.fields('tap');
  expect(point).toMatchObject({ skipped_bytes: 500, unread_bytes: 77, opaque_bytes: 30 + 40 + 11 + 1_000 });
  const messages = [...it.told('received'), ...it.told('sent')].reduce((sum, { bytes }) => sum + bytes, 0);
  expect((point?.bytes_recv ?? 0) + (point?.bytes_sent ?? 0)).toBe(messages + 500 + 77 + 1_081);
});

it('counts connections that were not led on, without the dials of the node that failed', () => {
  const it = connected();
  it.tap.emit('refused', { reason: 'banned', count: 2 });
  it.tap.emit('refused', { reason: 'encrypted-transport', count: 1 });
  it.tap.emit('refused', { reason: 'socks-unreachable', count: 5 });
  it.interval();
  expect(it.fields('rejects')).toEqual([
    { violations: 0, disconnects: 2 },
    { violations: 0, disconnects: 1 },
    { total_violations: 0, total_disconnects: 3 },
  ]);
  expect(it.fields('tap')).toMatchObject([{ refused: 8 }]);
});

it('makes no more points of the transactions of an inbound peer than its budget allows', () => {
  const it = connected();
  const wide = (lockTime: number): Buffer =>
    buildTransaction({ lockTime, outputs: Array.from({ length: 3_000 }, () => ({})) });
  const inbound: boolean[] = [];
  it.bus.on('judged', () => inbound.push(it.monitor.isServingInbound));
  for (let i = 0; i < 30; i++) {
    it.say(1, 'in', 'tx', wide(i));
    it.say(3, 'in', 'tx', wide(100 + i));
  }
  const shed = it.told('transactionShed');
  expect(shed.map(({ peer }) => peer.id)).toEqual(shed.map(() => 1));
  expect(shed.length).toBeGreaterThan(10);
  expect(inbound.filter((each) => each)).toHaveLength(30 - shed.length);
  expect(inbound.filter((each) => !each)).toHaveLength(30);
  expect(it.monitor.isServingInbound).toBe(false);
});
