import { randomBytes } from 'node:crypto';
import { type Clock, SystemClock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import { Session } from '../../src/bcoin/session';
import type { HeaderStanding } from '../../src/p2p/compact/block-checks';
import type { P2PEvents } from '../../src/p2p/p2p-events';
import { BlockPreparation } from '../../src/p2p/block-preparation';
import { type Block, parseBlock } from '../../src/wire/block';
import { encodeFrame } from '../../src/wire/framing';
import {
  decodeInventory,
  encodeInventory,
  INV_BLOCK,
  INV_TX,
  INV_WTX,
} from '../../src/wire/messages/inventory';
import { type Hash, readHash, wireHash } from '../../src/wire/hash';
import { NETWORKS } from '../../src/wire/networks';
import { Pool } from '../../src/p2p/pool';
import { hashOf, mineBlock, REGTEST } from '../chain/mine';
import { NO_COMPACT } from '../support/compact';
import { fakeHash } from '../support/fake-hash';
import { type FakeConnection, FakePeer, versionPayload } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { TestClock } from '../support/points';
import { until } from '../support/until';

interface Watched {
  readonly pool: Pool;
  readonly events: { readonly [E in keyof P2PEvents]: P2PEvents[E][] };
  readonly complaints: string[];
  readonly faults: unknown[];
}

const running: { stop(): unknown }[] = [];

afterEach(async () => {
  for (const thing of running.splice(0).reverse()) await thing.stop();
});

function listen(
  peers: readonly FakePeer[],
  options: {
    wtxidRelay?: boolean;
    txPerSecond?: number;
    headerStanding?: HeaderStanding;
    /** With a clock of the test no request takes too long. */
    clock?: Clock;
  } = {},
): Watched {
  const bus = new EventBus<P2PEvents>();
  const events: Watched['events'] = {
    opened: [],
    bytesRead: [],
    bytesWritten: [],
    bytesMissed: [],
    overhead: [],
    received: [],
    sent: [],
    handshake: [],
    disconnected: [],
    refused: [],
    violation: [],
    announced: [],
    blockAnnounced: [],
    addresses: [],
    addressesLimited: [],
    addressTried: [],
    requested: [],
    relayed: [],
    notFound: [],
    feeFilter: [],
    pong: [],
    rateLimited: [],
    transaction: [],
    transactionShed: [],
    headers: [],
    block: [],
    compactBlock: [],
  };
  for (const name of Object.keys(events) as (keyof P2PEvents)[])
    bus.on(name, (payload) => (events[name] as unknown[]).push(payload));
  const complaints: string[] = [];
  const faults: unknown[] = [];
  const pool = new Pool(
    {
      network: 'regtest',
      connect: peers.map(({ port }) => ({ host: '127.0.0.1', port })),
      userAgent: '/test/',
      wtxidRelay: options.wtxidRelay ?? true,
      txPerSecond: options.txPerSecond ?? 1_000,
    },
    {
      bus,
      clock: options.clock ?? new SystemClock(),
      ...NO_COMPACT,
      checks: { ...NO_COMPACT.checks, judgeHeader: () => options.headerStanding ?? 'old' },
      reportUnreachable: (peer, reason) => complaints.push(`${peer} ${reason}`),
      fault: (error) => faults.push(error),
    },
  );
  pool.start();
  running.push(pool);
  return { pool, events, complaints, faults };
}

async function fake(options?: Parameters<typeof FakePeer.start>[0]): Promise<FakePeer> {
  const peer = await FakePeer.start(options);
  running.push(peer);
  return peer;
}

const connection = (peer: FakePeer, index = 0): FakeConnection => {
  const found = peer.connections[index];
  if (found === undefined) throw new Error(`there is no connection ${index}`);
  return found;
};

const sum = (events: readonly { readonly bytes: number }[]): number =>
  events.reduce((total, { bytes }) => total + bytes, 0);

/** The hashes that were requested from a peer. */
const wanted = (peer: FakePeer): string[] =>
  connection(peer)
    .got.filter(({ command }) => command === 'getdata')
    .flatMap(({ payload }) => decodeInventory(payload))
    .map((item) => item.hash);

const randomHash = (): Hash => readHash(randomBytes(32), 0);

const hash = (n: number): Hash => fakeHash(String.fromCharCode(n & 0xff, n >> 8));

describe('a connection', () => {
  it('shakes hands, negotiating before verack', async () => {
    const peer = await fake();
    const { events } = listen([peer]);
    await until('a handshake', () => events.handshake.length === 1);
    expect(connection(peer).commands()).toEqual(['version', 'wtxidrelay', 'sendaddrv2', 'verack']);
    expect(connection(peer).got[0]?.payload.readInt32LE(0)).toBe(70_016);
  });

  it('omits wtxidrelay if the option is off, and all features for old peers', async () => {
    const peer = await fake();
    const old = await fake({ claims: { version: 70_015 } });
    listen([peer, old], { wtxidRelay: false });
    await until(
      'both handshakes',
      () => peer.connections[0]?.got.length === 3 && old.connections[0]?.got.length === 2,
    );
    expect(connection(peer).commands()).toEqual(['version', 'sendaddrv2', 'verack']);
    expect(connection(old).commands()).toEqual(['version', 'verack']);
  });

  it('counts every byte and message, known or not, decodable or not', async () => {
    const peer = await fake();
    const { events } = listen([peer]);
    await until('a handshake', () => events.handshake.length === 1);
    const other = connection(peer);
    other.send('getcfcheckpt', Buffer.alloc(33));
    other.send('\x01\xff;DROP', Buffer.alloc(3));
    other.send('inv', Buffer.of(0xff));
    other.send('headers', Buffer.of(0xff));
    other.send('tx', Buffer.of(1, 2, 3));
    other.send('addrv2', Buffer.alloc(100_000));
    await until('all bytes', () => sum(events.bytesRead) === other.written);
    expect(events.received.map(({ command }) => command)).toEqual([
      'version',
      'verack',
      'getcfcheckpt',
      'other',
      'inv',
      'headers',
      'tx',
      'addrv2',
    ]);
    expect(sum(events.received)).toBe(other.written);
    expect(sum(events.sent)).toBe(other.received);
    expect(sum(events.bytesWritten)).toBe(other.received);
    expect(events.violation.map(({ reason }) => reason)).toEqual([
      'malformed-message',
      'malformed-message',
      'malformed-tx',
    ]);
    expect(events.disconnected).toEqual([]);
  });

  it('answers ping, getheaders and getdata, and nothing else', async () => {
    const peer = await fake();
    const { events } = listen([peer]);
    await until('a handshake', () => events.handshake.length === 1);
    const other = connection(peer);
    const nonce = Buffer.from('0123456789abcdef', 'hex');
    const wanted = encodeInventory([{ type: INV_TX, hash: hash(1) }]);
    other.send('ping', nonce);
    other.send('getheaders', Buffer.alloc(69));
    other.send('getdata', wanted);
    other.send('getaddr');
    other.send('mempool');
    other.send('ping', nonce);
    await until(
      'the second pong',
      () => other.commands().filter((command) => command === 'pong').length === 2,
    );
    expect(other.got.slice(4).map(({ command, payload }) => [command, payload.toString('hex')])).toEqual([
      ['pong', nonce.toString('hex')],
      ['headers', '00'],
      ['notfound', wanted.toString('hex')],
      ['pong', nonce.toString('hex')],
    ]);
  });

  it('pings, and measures the round trip of the answering pong', async () => {
    const begins = jest.spyOn(Session.prototype, 'finalize');
    // It looks at each session every 5 s, and pings after six looks.
    const halfAMinute = (): void => {
      const sessions = begins.mock.contexts as readonly Session[];
      for (let i = 0; i < 6; i++) for (const session of sessions) session.look();
    };
    const peer = await fake({
      onMessage: (other, { command, payload }) => {
        if (command === 'version') other.send('version', versionPayload());
        if (command === 'verack') other.send('verack');
        if (command !== 'ping') return;
        other.send('pong', Buffer.alloc(8, 7));
        other.send('pong', payload);
        other.send('pong', payload);
      },
    });
    const { events } = listen([peer]);
    await until('a session', () => begins.mock.contexts.length > 0);
    for (const count of [1, 2]) {
      halfAMinute();
      await until(`pong ${count}`, () => events.pong.length >= count);
    }
    begins.mockRestore();
    const pings = connection(peer)
      .commands()
      .filter((command) => command === 'ping').length;
    expect(events.pong.length).toBeLessThanOrEqual(pings);
    for (const { rttMs } of events.pong) expect(rttMs).toBeGreaterThan(0);
  });

  const version = encodeFrame(NETWORKS.regtest.magic, 'version', versionPayload());
  const broken = Buffer.from(version);
  broken.writeUInt8(broken.readUInt8(20) ^ 1, 20);
  const long = encodeFrame(NETWORKS.regtest.magic, 'tx', Buffer.alloc(0));
  long.writeUInt32LE(4_000_001, 16);
  const obsolete = encodeFrame(NETWORKS.regtest.magic, 'version', versionPayload({ version: 31_799 }));
  it.each([
    [
      'speaks another network’s magic',
      encodeFrame(NETWORKS.mainnet.magic, 'version', versionPayload()),
      'wrong-network',
    ],
    ['is a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'http'],
    ['is a TLS server', Buffer.from('15030300020246', 'hex'), 'tls'],
    ['is a mail server', Buffer.from('220 mail.example.org ESMTP\r\n'), 'unknown-protocol'],
    ['sends garbage', Buffer.alloc(500, 0xa5), 'wrong-magic'],
    ['sends a wrong checksum', broken, 'wrong-checksum'],
    ['announces a message over the limit', long, 'oversized-message'],
    [
      'sends something before version',
      encodeFrame(NETWORKS.regtest.magic, 'verack', Buffer.alloc(0)),
      'no-version-first',
    ],
    ['sends version twice', Buffer.concat([version, version]), 'duplicate-version'],
    ['is of before headers-first', obsolete, 'obsolete-version'],
  ])('ends, and the others go on, when a peer %s', async (_, bytes, reason) => {
    const good = await fake();
    const bad = await fake({ onConnect: (other) => other.raw(bytes), onMessage: () => undefined });
    const { events, faults } = listen([good, bad]);
    await until(
      'the end of the bad one',
      () => events.handshake.length === 1 && events.disconnected.length >= 1,
    );
    expect(events.violation[0]).toMatchObject({ reason, peer: { address: `127.0.0.1:${bad.port}` } });
    expect(events.disconnected[0]).toMatchObject({ reason });
    connection(good).send('ping', Buffer.alloc(8, 1));
    await until('a pong from the good one', () => connection(good).commands().includes('pong'));
    expect(faults).toEqual([]);
  });

  it('ends if the peer is silent', async () => {
    const mute = await fake({ onMessage: () => undefined });
    const { events } = listen([mute]);
    await until('the timeout', () => events.disconnected.length === 1);
    expect(events.violation).toMatchObject([{ reason: 'handshake-timeout' }]);
    expect(events.disconnected).toMatchObject([{ reason: 'handshake-timeout', established: false }]);
  });
});

describe('the pool', () => {
  it('dials a lost peer again, and reports once that a peer is unreachable', async () => {
    const peer = await fake({ port: await freePort() });
    const { events, complaints } = listen([peer]);
    await until('a handshake', () => events.handshake.length === 1);
    await peer.stop();
    running.splice(running.indexOf(peer), 1);
    await until('a complaint', () => complaints.length === 1);
    expect(complaints).toEqual([`127.0.0.1:${peer.port} connection-refused`]);
    await fake({ port: peer.port });
    await until('the second handshake', () => events.handshake.length === 2);
    expect(complaints).toHaveLength(1);
  });

  it('requests each transaction once over all peers, with its witness if the peer has it', async () => {
    const a = await fake();
    const b = await fake({ claims: { services: 1n } });
    const { events } = listen([a, b]);
    await until('both handshakes', () => events.handshake.length === 2);
    const first = encodeInventory([1, 2, 3].map((n) => ({ type: INV_TX, hash: hash(n) })));
    const second = encodeInventory([2, 3, 4].map((n) => ({ type: INV_TX, hash: hash(n) })));
    connection(a).send('inv', first);
    await until('the first getdata', () => connection(a).commands().includes('getdata'));
    connection(b).send('inv', second);
    await until('the second getdata', () => connection(b).commands().includes('getdata'));
    const asked = (peer: FakePeer): unknown[] =>
      connection(peer)
        .got.filter(({ command }) => command === 'getdata')
        .flatMap(({ payload }) => decodeInventory(payload))
        .map(({ type, hash: id }) => [type, id.charCodeAt(0)]);
    expect(asked(a)).toEqual([
      [0x40000001, 1],
      [0x40000001, 2],
      [0x40000001, 3],
    ]);
    expect(asked(b)).toEqual([[1, 4]]);
  });

  it('counts a delayed announcement by txid as known, from the same and from other peers', async () => {
    const wtxid = await fake({
      onMessage: (from, { command }) => {
        if (command === 'version') {
          from.send('version', versionPayload());
          from.send('wtxidrelay');
        }
        if (command === 'verack') from.send('verack');
      },
    });
    const [a, b] = [await fake(), await fake()];
    const { events } = listen([wtxid, a, b]);
    await until('the handshakes', () => events.handshake.length === 3);
    const inventory = encodeInventory([{ type: INV_TX, hash: hash(1) }]);
    connection(a).send('inv', inventory);
    await until('the first announcement', () => events.announced.length === 1);
    connection(b).send('inv', inventory);
    await until('the second announcement', () => events.announced.length === 2);
    expect(events.announced.map(({ known }) => known)).toEqual([0, 1]);
    await until('the request', () => connection(a).commands().includes('getdata'));
    expect(connection(b).commands()).not.toContain('getdata');
    connection(a).send('notfound', inventory);
    await until('the request of the other', () => connection(b).commands().includes('getdata'));
  });

  it('delays transactions over the limit, counts them, and requests them later', async () => {
    const peer = await fake();
    const { events } = listen([peer], { txPerSecond: 50 });
    await until('a handshake', () => events.handshake.length === 1);
    connection(peer).send(
      'inv',
      encodeInventory(Array.from({ length: 80 }, (_, n) => ({ type: INV_TX, hash: hash(n) }))),
    );
    await until('all of them', () => wanted(peer).length === 80);
    const [first] = connection(peer).got.filter(({ command }) => command === 'getdata');
    expect(decodeInventory(first?.payload ?? Buffer.alloc(0))).toHaveLength(50);
    expect(events.rateLimited).toEqual([{ count: 30 }]);
  });

  it('asks the next announcer for a transaction if the first fails', async () => {
    const a = await fake();
    const b = await fake();
    const { events } = listen([a, b], { clock: new TestClock() });
    await until('both handshakes', () => events.handshake.length === 2);
    const inventory = encodeInventory([1, 2].map((n) => ({ type: INV_WTX, hash: hash(n) })));
    connection(a).send('inv', inventory);
    await until('the first getdata', () => connection(a).commands().includes('getdata'));
    connection(b).send('inv', inventory);
    await until('both announcements', () => events.announced.length === 2);
    expect(connection(b).commands()).not.toContain('getdata');
    connection(a).send('notfound', encodeInventory([{ type: INV_WTX, hash: hash(1) }]));
    await until('what the one does not have', () => wanted(b).length === 1);
    connection(a).socket.destroy();
    await until('what the one took with it', () => wanted(b).length === 2);
    expect(wanted(b)).toEqual([hash(1), hash(2)]);
  });

  it('requests from every peer its own, whatever one of them invents', async () => {
    const bad = await fake();
    const good = await fake();
    const { events } = listen([bad, good], { txPerSecond: 40 });
    await until('both handshakes', () => events.handshake.length === 2);
    const nonsense = (type: number): Buffer =>
      encodeInventory(Array.from({ length: 50_000 }, () => ({ type, hash: randomHash() })));
    for (const type of [INV_WTX, INV_TX, INV_BLOCK, 0xffff_ffff]) connection(bad).send('inv', nonsense(type));
    await until('the nonsense', () => events.announced.length === 4);
    const own = [INV_BLOCK, ...Array<number>(30).fill(INV_WTX)].map((type) => ({ type, hash: randomHash() }));
    connection(good).send('inv', encodeInventory(own));
    await until('all of the good one', () => wanted(good).length === own.length);
    expect(wanted(good).sort()).toEqual(own.map((item) => item.hash).sort());
    // 128 blocks, and the transactions that the limit allows: 5,000 wait and the others are dropped.
    expect(wanted(bad).length).toBeLessThan(1_000);
  });

  it('emits each transaction, says whether it is the first, and refuses one that can be in no block', async () => {
    const peer = await fake();
    const { events } = listen([peer]);
    await until('a handshake', () => events.handshake.length === 1);
    const transaction = (value: string): Buffer =>
      Buffer.from(`0200000001${'44'.repeat(32)}0500000000fdffffff01${value}015100000000`, 'hex');
    const good = transaction('0100000000000000');
    connection(peer).send('tx', good);
    connection(peer).send('tx', good);
    connection(peer).send('tx', transaction('ffffffffffffff7f'));
    await until('the violation', () => events.violation.length === 1);
    expect(events.transaction.map(({ first }) => first)).toEqual([true, false]);
    expect(events.violation).toMatchObject([{ reason: 'invalid-tx' }]);
    expect(events.disconnected).toEqual([]);
  });

  it('takes a few unrequested headers for announcements of blocks', async () => {
    const peer = await fake();
    const { pool, events } = listen([peer], { headerStanding: 'orphan' });
    await until('a handshake', () => events.handshake.length === 1);
    const headers = (...nonces: readonly number[]): Buffer =>
      Buffer.concat([
        Buffer.of(nonces.length),
        ...nonces.map((nonce) => Buffer.alloc(81).fill(nonce, 76, 77)),
      ]);
    pool.askHeaders(events.handshake[0]?.peer as never, []);
    pool.askHeaders(events.handshake[0]?.peer as never, []);
    connection(peer).send('headers', headers(1));
    connection(peer).send('headers', headers(4));
    connection(peer).send('headers', headers(2, 3));
    connection(peer).send('headers', headers(...Array.from({ length: 9 }, (_, i) => 10 + i)));
    await until('all headers', () => events.headers.length === 4);
    const announced = events.headers[2]?.headers.map((header) => wireHash(header.hash)) ?? [];
    expect(events.blockAnnounced.map((event) => event.hash)).toEqual(announced);
    const request = await until('the request', () =>
      connection(peer).got.find(({ command }) => command === 'getdata'),
    );
    expect(decodeInventory(request.payload)).toEqual(announced.map((id) => ({ type: 0x40000002, hash: id })));
    connection(peer).send('inv', encodeInventory([{ type: INV_BLOCK, hash: hash(9) }]));
    await until('the inventory', () => events.announced.length === 1);
    expect(events.blockAnnounced.at(-1)?.hash).toBe(hash(9));
  });

  it('asks the next announcer for a block if the first fails', async () => {
    const a = await fake();
    const b = await fake();
    const { events } = listen([a, b], { clock: new TestClock() });
    await until('both handshakes', () => events.handshake.length === 2);
    const inventory = encodeInventory([{ type: INV_BLOCK, hash: hash(9) }]);
    connection(a).send('inv', inventory);
    await until('the first getdata', () => connection(a).commands().includes('getdata'));
    connection(b).send('inv', inventory);
    await until('both announcements', () => events.announced.length === 2);
    expect(connection(b).commands()).not.toContain('getdata');
    connection(a).send('notfound', encodeInventory([{ type: INV_BLOCK, hash: hash(9) }]));
    await until('the second getdata', () => connection(b).commands().includes('getdata'));
  });

  it('asks the next announcer for a block if the first sends a forgery', async () => {
    const a = await fake();
    const b = await fake();
    const { pool, events } = listen([a, b], { clock: new TestClock() });
    await until('both handshakes', () => events.handshake.length === 2);
    const block = mineBlock({ on: REGTEST.genesis, height: 1 });
    const inventory = encodeInventory([{ type: INV_BLOCK, hash: readHash(hashOf(block), 0) }]);
    connection(a).send('inv', inventory);
    connection(b).send('inv', inventory);
    await until('the first getdata', () => wanted(a).length + wanted(b).length === 1);
    const [first, second] = wanted(a).length === 1 ? [a, b] : [b, a];
    await until('both announcements', () => events.announced.length === 2);
    connection(first).send('block', block);
    await until('the block', () => events.block.length === 1);
    expect(wanted(second)).toEqual([]);
    pool.askAgain(readHash(hashOf(block), 0));
    await until('the second getdata', () => wanted(second).length === 1);
    connection(second).send('block', block);
    await until('the block again', () => events.block.length === 2);
    expect(events.block.map(({ first: isFirst, requested }) => [isFirst, requested])).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it('reads a large block in parts, between which other peers have their turn', async () => {
    const a = await fake();
    const b = await fake();
    const { events } = listen([a, b]);
    await until('both handshakes', () => events.handshake.length === 2);
    const transactions = Array.from({ length: 12_000 }, (_, lockTime) => ({ lockTime }));
    const block = mineBlock({ on: REGTEST.genesis, height: 1, transactions });
    const inventory = encodeInventory([{ type: INV_BLOCK, hash: readHash(hashOf(block), 0) }]);
    connection(a).send('inv', inventory);
    await until('the getdata', () => wanted(a).length === 1);
    const next: (this: BlockPreparation) => Block | null = Reflect.get(BlockPreparation.prototype, 'next');
    let [parts, pings] = [0, 0];
    const slow = jest.spyOn(BlockPreparation.prototype, 'next').mockImplementation(function (
      this: BlockPreparation,
    ) {
      if ((parts += 1) === 1) connection(b).send('ping', Buffer.alloc(8, 1));
      pings = events.received.filter(({ command }) => command === 'ping').length;
      expect(events.received.filter(({ command }) => command === 'block')).toEqual([]);
      // As long as a turn lasts.
      for (const end = performance.now() + 5; performance.now() < end;);
      return next.call(this);
    });
    try {
      connection(a).send('block', block);
      await until('the block', () => events.block.length === 1);
    } finally {
      slow.mockRestore();
    }
    // Read, hashed, its signature operations counted; and two merkle roots.
    expect(parts).toBe(3 * Math.ceil(12_001 / 500) + 2);
    expect(pings).toBe(1);
    const [told] = events.block;
    expect(told).toMatchObject({ first: true, requested: true });
    expect(told?.block.bytes.equals(block)).toBe(true);
    expect(told?.block.wireTxids()).toEqual(parseBlock(block).wireTxids());
  });

  it('reports a large block that it asked for and that is malformed', async () => {
    const peer = await fake();
    const { events, faults } = listen([peer]);
    await until('a handshake', () => events.handshake.length === 1);
    const transactions = Array.from({ length: 5_000 }, (_, lockTime) => ({ lockTime }));
    const block = mineBlock({ on: REGTEST.genesis, height: 1, transactions });
    connection(peer).send('inv', encodeInventory([{ type: INV_BLOCK, hash: readHash(hashOf(block), 0) }]));
    await until('the getdata', () => wanted(peer).length === 1);
    connection(peer).send('block', block.subarray(0, -1));
    await until('the violation', () => events.violation.length === 1);
    expect(events.violation).toMatchObject([{ reason: 'malformed-block' }]);
    expect([events.block, faults]).toEqual([[], []]);
    // What comes next is nothing that was prepared.
    const small = mineBlock({ on: REGTEST.genesis, height: 1, salt: 2 });
    connection(peer).send('block', small);
    await until('the next block', () => events.block.length === 1);
    expect(events.block[0]?.block.bytes.equals(small)).toBe(true);
  });

  it('requests a block that a peer has sent unasked', async () => {
    const peer = await fake();
    const { events } = listen([peer]);
    await until('a handshake', () => events.handshake.length === 1);
    const block = mineBlock({ on: REGTEST.genesis, height: 1 });
    connection(peer).send('block', block);
    await until('the block', () => events.block.length === 1);
    expect(events.block).toMatchObject([{ requested: false }]);
    connection(peer).send('inv', encodeInventory([{ type: INV_BLOCK, hash: readHash(hashOf(block), 0) }]));
    await until('a getdata', () => wanted(peer).length === 1);
  });
});
