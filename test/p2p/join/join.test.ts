import { once } from 'node:events';
import { connect } from 'node:net';
import { SystemClock } from '../../../src/lib/clock';
import { EventBus } from '../../../src/lib/event-bus';
import type { P2PEvents } from '../../../src/p2p/p2p-events';
import { encodeFrame } from '../../../src/wire/framing';
import { AddressList } from '../../../src/p2p/join/address-lists';
import type { JoinParts } from '../../../src/p2p/join/join';
import { type JoinOptions, prepareJoin } from '../../../src/p2p/join/prepare-join';
import { decodeAddr, encodeAddr } from '../../../src/wire/messages/addr';
import { decodeAddrV2, encodeAddrV2 } from '../../../src/wire/messages/addrv2';
import type { NetworkAddress } from '../../../src/wire/messages/network-address';
import { NETWORKS } from '../../../src/wire/networks';
import { Pool } from '../../../src/p2p/pool';
import { Cleanup } from '../../support/cleanup';
import { NO_COMPACT } from '../../support/compact';
import { DnsServer } from '../../support/dns-server';
import { dialListener, type FakeConnection, FakePeer, versionPayload } from '../../support/fake-peer';
import { freePort } from '../../support/free-port';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const SEED = 'seed.test';

interface Joined {
  readonly bus: EventBus<P2PEvents>;
  readonly pool: Pool;
  readonly parts: JoinParts;
  readonly port: number;
  readonly ends: string[];
  readonly refused: string[];
  readonly warnings: string[];
  readonly handshakes: () => number;
  readonly limited: () => number;
}

async function join(
  options: Partial<JoinOptions> & { readonly connect?: readonly FakePeer[]; readonly listens?: boolean } = {},
): Promise<Joined> {
  const port = await freePort();
  const warnings: string[] = [];
  const warn = (message: string, details: object): void => {
    warnings.push(`${message} ${JSON.stringify(details)}`);
  };
  const { connect: peers = [], listens = true, ...more } = options;
  const parts = await prepareJoin(
    { peers: 8, maxInbound: 8, ...(listens ? { listen: { host: '127.0.0.1', port } } : {}), ...more },
    { network: 'regtest', hasPeers: peers.length > 0, log: { info: () => undefined, warn } },
  );
  const bus = new EventBus<P2PEvents>();
  const ends: string[] = [];
  const refused: string[] = [];
  let handshakes = 0;
  let limited = 0;
  bus.on('handshake', () => handshakes++);
  bus.on('disconnected', ({ reason }) => ends.push(reason));
  bus.on('refused', ({ reason }) => refused.push(reason));
  bus.on('addressesLimited', ({ count }) => (limited += count));
  const pool = new Pool(
    {
      network: 'regtest',
      connect: peers.map((peer) => ({ host: peer.host, port: peer.port })),
      ...{ userAgent: '/test/', wtxidRelay: true, txPerSecond: 100, join: parts },
    },
    {
      ...{ bus, clock: new SystemClock(), ...NO_COMPACT, reportUnreachable: () => undefined },
      fault: (error) => {
        throw error;
      },
    },
  );
  cleanup.add(pool, (it) => it.stop());
  pool.start();
  return {
    bus,
    pool,
    parts,
    port,
    ends,
    refused,
    warnings,
    handshakes: () => handshakes,
    limited: () => limited,
  };
}

const fake = async (options: Parameters<typeof FakePeer.start>[0] = {}): Promise<FakePeer> =>
  cleanup.add(await FakePeer.start(options), (it) => it.stop());

const dial = async (port: number, options?: Parameters<typeof dialListener>[1]): Promise<FakeConnection> =>
  cleanup.add(await dialListener(port, options), ({ socket }) => socket.destroy());

const handsShaken = (connection: FakeConnection): Promise<boolean> =>
  until('a handshake', () => connection.commands().includes('verack'));

const ended = (connection: FakeConnection): Promise<boolean> =>
  until('the end of the connection', () => connection.socket.destroyed);

/** The addresses of nodes at these loopback endpoints. */
const told = (places: readonly (readonly [host: string, port: number])[]): NetworkAddress[] =>
  places.map(([host, port]) => ({
    ...{ network: 'ipv4', address: Buffer.from(host.split('.').map(Number)), port },
    ...{ services: 9n, time: Math.floor(Date.now() / 1_000) },
  }));

/** A peer that answers getaddr with these addresses. */
const teller = (payload: () => { command: string; payload: Buffer }): Promise<FakePeer> =>
  fake({
    onMessage: (connection, { command }) => {
      if (command === 'version') connection.send('version', versionPayload());
      if (command === 'verack') connection.send('verack');
      if (command !== 'getaddr') return;
      const answer = payload();
      connection.send(answer.command, answer.payload);
    },
  });

describe('peers that are found', () => {
  it('are those of a DNS seed, each once, on the port of the network or of the seed', async () => {
    const port = await freePort();
    const hosts = [1, 2, 3, 4].map((i) => `127.77.${i}.1`);
    const peers = await Promise.all(hosts.map((host) => fake({ host, port })));
    const dns = cleanup.add(await DnsServer.start({ [SEED]: [...hosts, ...hosts] }), (it) => it.stop());
    const { pool, handshakes } = await join({
      ...{ seeds: [{ host: SEED, port, filters: false }], resolver: dns.endpoint, listens: false },
    });
    await until('four handshakes', () => handshakes() === 4);
    expect(peers.map(({ connections }) => connections.length)).toEqual([1, 1, 1, 1]);
    expect(pool.addresses).toEqual({ known: 4, banned: 0 });
    expect(dns.asked).toEqual([SEED]);
    for (const { connections } of peers)
      await until(
        'getaddr',
        () => connections[0]?.commands().filter((name) => name === 'getaddr').length === 1,
      );
  });

  it('come from the filtering name of a seed, or from its plain name if that gives none', async () => {
    const port = await freePort();
    await Promise.all(['127.77.1.1', '127.77.2.1'].map((host) => fake({ host, port })));
    const dns = cleanup.add(
      await DnsServer.start({ 'x9.one.test': ['127.77.1.1'], 'two.test': ['127.77.2.1'] }),
      (it) => it.stop(),
    );
    const seeds = ['one.test', 'two.test', 'three.test'].map((host) => ({ host, port, filters: true }));
    const { handshakes, warnings } = await join({ seeds, resolver: dns.endpoint });
    await until('two handshakes', () => handshakes() === 2);
    await until('a warning', () => warnings.length === 1);
    expect(warnings).toEqual([
      expect.stringMatching(/^no addresses from a DNS seed .*three\.test.*ENOTFOUND/),
    ]);
    expect(dns.asked.sort()).toEqual(
      ['three.test', 'two.test', 'x9.one.test', 'x9.three.test', 'x9.two.test'].sort(),
    );
  });

  it.each([
    ['addr', encodeAddr],
    ['addrv2', encodeAddrV2],
  ])('are those that a peer sends in %s, but none outside of this machine', async (command, encode) => {
    const friends = await Promise.all([1, 2].map((i) => fake({ host: `127.78.${i}.1` })));
    const outside = told([
      ['8.8.8.8', 18_444],
      ['10.0.0.1', 18_444],
      ['203.0.113.7', 18_444],
    ]);
    const payload = (): Buffer => encode([...outside, ...told(friends.map((it) => [it.host, it.port]))]);
    const first = await teller(() => ({ command, payload: payload() }));
    const { pool, handshakes } = await join({ connect: [first] });
    await until('three handshakes', () => handshakes() === 3);
    expect(pool.addresses).toEqual({ known: 2, banned: 0 });
  });

  it('are at most as many as wanted', async () => {
    const friends = await Promise.all([1, 2, 3, 4].map((i) => fake({ host: `127.79.${i}.1` })));
    const payload = encodeAddr(told(friends.map((it) => [it.host, it.port])));
    const { handshakes } = await join({
      ...{ peers: 2, connect: [await teller(() => ({ command: 'addr', payload }))] },
    });
    await until('three handshakes', () => handshakes() === 3);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(friends.map(({ connections }) => connections.length).sort()).toEqual([0, 0, 1, 1]);
  });

  it('are dialled again when they come back', async () => {
    const friend = await fake({ host: '127.80.1.1' });
    const payload = encodeAddr(told([[friend.host, friend.port]]));
    const { handshakes } = await join({ connect: [await teller(() => ({ command: 'addr', payload }))] });
    await until('two handshakes', () => handshakes() === 2);
    for (const { socket } of friend.connections) socket.destroy();
    await until('a third handshake', () => handshakes() === 3);
    expect(friend.connections).toHaveLength(2);
  });

  it('are connected once, even if named twice or announced', async () => {
    const payload = (): Buffer => encodeAddr(told([['127.0.0.1', first.port]]));
    const first = await teller(() => ({ command: 'addr', payload: payload() }));
    const { handshakes, pool } = await join({ connect: [first, first] });
    await until('the address', () => pool.addresses.known === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(handshakes()).toBe(1);
    expect(first.connections).toHaveLength(1);
  });

  it('do not include ourselves', async () => {
    const first = await teller(() => ({
      command: 'addr',
      payload: encodeAddr(told([['127.0.0.1', it.port]])),
    }));
    const it = await join({ connect: [first] });
    await until('both ends to be closed', () => it.ends.length === 2);
    expect(it.ends).toEqual(['self-connection', 'self-connection']);
    expect(it.pool.addresses.known).toBe(0);
    first.connections[0]?.send('addr', encodeAddr(told([['127.0.0.1', it.port]])));
    await until('the address again', () => it.pool.addresses.known === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(it.ends).toHaveLength(2);
  });
});

describe('addresses that are tried', () => {
  it('are those that peers tell, each by a handshake alone', async () => {
    const friends = await Promise.all([1, 2, 3, 4, 5].map((i) => fake({ host: `127.76.${i}.1` })));
    const dead = await Promise.all([6, 7, 8].map((i) => freePort(`127.76.${i}.1`)));
    const payload = encodeAddr(
      told([
        ...friends.map((it) => [it.host, it.port] as const),
        ...dead.map((port, i) => [`127.76.${i + 6}.1`, port] as const),
      ]),
    );
    const first = await teller(() => ({ command: 'addr', payload }));
    // One in 50 ms, of which each tick makes one.
    const { bus, ends, handshakes, pool } = await join({
      ...{ connect: [first], peers: 1, feelersAnHour: 72_000, listens: false },
    });
    const heard: string[] = [];
    bus.on('handshake', ({ peer }) => heard.push(`handshake ${peer.address}`));
    bus.on('disconnected', ({ peer, reason }) => heard.push(`${reason} ${peer.address}`));
    const tried: boolean[] = [];
    bus.on('addressTried', ({ isReachable }) => tried.push(isReachable));
    const feelers = (): number => ends.filter((reason) => reason === 'feeler').length;
    const reachable = (): number => tried.filter((isReachable) => isReachable).length;
    await until('each to be dialled', () => friends.every(({ connections }) => connections.length > 0));
    // The named peer, one that is joined, and the feelers.
    await until('all handshakes', () => handshakes() === 2 + feelers() && feelers() >= 4);
    await until('the dead ones to be tried', async () => {
      const before = tried.length;
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      return tried.length === before;
    });
    expect(reachable()).toBe(feelers());
    expect(feelers()).toBeLessThanOrEqual(5);
    expect(tried.length - reachable()).toBeLessThanOrEqual(3);
    expect(pool.addresses.known).toBe(8);
    // Everybody hears of a handshake before the end of its connection.
    for (const { host, port } of friends) {
      const [begin, end] = heard.filter((line) => line.endsWith(` ${host}:${port}`));
      expect(begin).toBe(`handshake ${host}:${port}`);
      expect([`feeler ${host}:${port}`, undefined]).toContain(end);
    }
    // A feeler asks for no addresses.
    const asked = friends.flatMap(({ connections }) =>
      connections.filter((connection) => connection.commands().includes('getaddr')),
    );
    expect(asked).toHaveLength(1);
  });
});

describe('peers that were found and hold back the end of their messages', () => {
  it('may not fill our memory together', async () => {
    // Each lacks the last byte.
    const block = encodeFrame(NETWORKS.regtest.magic, 'block', Buffer.alloc(3_990_000)).subarray(0, -1);
    const hoarder = (i: number): Promise<FakePeer> =>
      fake({
        host: `127.75.${i}.1`,
        onMessage: (connection, { command }) => {
          if (command === 'version') connection.send('version', versionPayload());
          if (command !== 'verack') return;
          connection.send('verack');
          connection.raw(block);
        },
      });
    const hoarders = await Promise.all(Array.from({ length: 20 }, (_, i) => hoarder(i)));
    const payload = encodeAddr(told(hoarders.map(({ host, port }) => [host, port])));
    const named = await teller(() => ({ command: 'addr', payload }));
    const { ends } = await join({ connect: [named], peers: 20, listens: false });
    // 64 MB are 16 of them.
    await until('those above the limit to be ended', () => ends.length >= 4);
    expect(new Set(ends)).toEqual(new Set(['incomplete-message']));
    expect(named.connections[0]?.socket.destroyed).toBe(false);
  });
});

describe('inbound peers', () => {
  it('shake hands, and their messages are handled', async () => {
    const { port, handshakes } = await join();
    const peer = await dial(port);
    await handsShaken(peer);
    // The peer has our verack before we have read its own.
    await until('its verack', () => handshakes() === 1);
    expect(peer.commands()).toEqual(['version', 'wtxidrelay', 'sendaddrv2', 'verack']);
    peer.send('ping', Buffer.alloc(8, 1));
    await until('a pong', () => peer.commands().includes('pong'));
  });

  it('are accepted up to the limit', async () => {
    const { port, handshakes, refused, ends } = await join({ maxInbound: 2 });
    const peers = [await dial(port), await dial(port)];
    for (const peer of peers) await handsShaken(peer);
    await until('the veracks', () => handshakes() === 2);
    await ended(await dial(port));
    expect([handshakes(), refused, ends]).toEqual([2, ['inbound-full'], []]);
    peers[0]?.socket.destroy();
    await until('its end', () => ends.length === 1);
    await handsShaken(await dial(port));
  });

  it('are closed for new ones if they do not shake hands', async () => {
    const { port, ends } = await join({ maxInbound: 1 });
    await dial(port, { mute: true });
    const handshake = (peer: FakeConnection): boolean => peer.commands().includes('verack');
    await until('a handshake of another', async () => {
      const peer = await dial(port);
      await until('a handshake or a refusal', () => handshake(peer) || peer.socket.destroyed);
      return handshake(peer);
    });
    expect(ends).toEqual(['inbound-full']);
  });

  it('are banned by address if they do not speak the protocol', async () => {
    const { port, ends, refused, pool } = await join();
    const good = await dial(port, { from: '127.0.0.9' });
    await handsShaken(good);
    const bad = await dial(port, { from: '127.0.0.66', mute: true });
    const broken = encodeFrame(NETWORKS.regtest.magic, 'version', versionPayload());
    broken.writeUInt8(broken.readUInt8(20) ^ 1, 20);
    bad.raw(broken);
    await ended(bad);
    expect(ends).toEqual(['wrong-checksum']);
    expect(pool.addresses.banned).toBe(1);
    await ended(await dial(port, { from: '127.0.0.66' }));
    expect(refused).toEqual(['banned']);
    await handsShaken(await dial(port, { from: '127.0.0.67' }));
    expect(good.socket.destroyed).toBe(false);
  });

  it('get a part of the known addresses, once, in the form that they want', async () => {
    const { port, parts } = await join();
    for (let i = 0; i < 100; i++)
      for (const it of told([['127.5.0.1', 2_000 + i]])) parts.addrman.add(it, `s${i}`);
    const [old, young] = [await dial(port), await dial(port, { features: ['sendaddrv2'] })];
    for (const peer of [old, young]) {
      await handsShaken(peer);
      peer.send('getaddr');
      peer.send('getaddr');
      peer.send('ping', Buffer.alloc(8, 1));
      await until('a pong', () => peer.commands().includes('pong'));
    }
    const answers = (peer: FakeConnection): string[] =>
      peer.commands().filter((command) => command.startsWith('addr'));
    expect([answers(old), answers(young)]).toEqual([['addr'], ['addrv2']]);
    const payload = (peer: FakeConnection): Buffer =>
      peer.got.find(({ command }) => command.startsWith('addr'))?.payload ?? Buffer.alloc(0);
    expect(decodeAddr(payload(old))).toHaveLength(23);
    expect(decodeAddrV2(payload(young))).toEqual(decodeAddr(payload(old)));
  });

  it('can add no more addresses than Core would accept', async () => {
    const { port, pool, limited } = await join();
    const peer = await dial(port);
    await handsShaken(peer);
    const many = Array.from({ length: 1_000 }, (_, i) => ['127.6.0.1', 2_000 + i] as const);
    peer.send('addrv2', encodeAddrV2(told(many)));
    await until('the message', () => limited() > 0);
    expect([limited(), pool.addresses.known]).toEqual([999, 1]);
  });
});

describe('a violation by an outbound peer', () => {
  it('bans a peer that was found for a day, and never one that the user named', async () => {
    const broken = encodeFrame(NETWORKS.regtest.magic, 'ping', Buffer.alloc(8));
    broken.writeUInt8(broken.readUInt8(20) ^ 1, 20);
    const bad = await fake({ host: '127.81.1.1' });
    const payload = encodeAddr(told([[bad.host, bad.port]]));
    const named = await teller(() => ({ command: 'addr', payload }));
    const { ends, handshakes, pool } = await join({ connect: [named] });
    await until('two handshakes', () => handshakes() === 2);
    bad.connections[0]?.raw(broken);
    await until('the end', () => ends.length === 1);
    expect(pool.addresses.banned).toBe(1);
    named.connections[0]?.raw(broken);
    await until('the named one again', () => handshakes() === 3);
    expect(ends).toEqual(['wrong-checksum', 'wrong-checksum']);
    expect(pool.addresses.banned).toBe(1);
    expect([named.connections.length, bad.connections.length]).toEqual([2, 1]);
  });
});

describe('a listening endpoint', () => {
  it('that is in use is named', async () => {
    const { port } = await join();
    await expect(
      prepareJoin(
        { peers: 0, maxInbound: 1, listen: { host: '127.0.0.1', port } },
        { network: 'regtest', hasPeers: false, log: { info: () => undefined, warn: () => undefined } },
      ),
    ).rejects.toThrow(`--listen 127.0.0.1:${port}: can't be listened on: another program listens there`);
  });

  it('is released when the pool stops', async () => {
    const { pool, port } = await join();
    const peer = await dial(port);
    await handsShaken(peer);
    await pool.stop();
    await ended(peer);
    const socket = connect(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});

describe('who is listened to', () => {
  /** Peers on one port of these addresses, and a DNS server that names all of them. */
  async function network(hosts: readonly string[]) {
    const port = await freePort();
    const peers = await Promise.all(hosts.map((host) => fake({ host, port })));
    const dns = cleanup.add(await DnsServer.start({ [SEED]: hosts }), (it) => it.stop());
    const found = { seeds: [{ host: SEED, port, filters: false }], resolver: dns.endpoint };
    return { peers, found };
  }

  it('is nobody who asked to be left alone: neither dialled, nor known, nor let in', async () => {
    const { peers, found } = await network(['127.77.1.1', '127.77.2.1', '127.77.2.9']);
    const excluded = AddressList.parse('127.77.2.0/24\n127.66.0.0/16', '--exclude list');
    const { handshakes, pool, port, refused } = await join({ ...found, excluded });
    await until('the one that is left', () => handshakes() === 1);
    await ended(await dial(port, { from: '127.66.1.1' }));
    await handsShaken(await dial(port, { from: '127.65.1.1' }));
    expect(refused).toEqual(['excluded']);
    expect(pool.addresses).toEqual({ known: 1, banned: 0 });
    expect(peers.map(({ connections }) => connections.length)).toEqual([1, 0, 0]);
  });

  it('is each peer in exactly one of two shards', async () => {
    const hosts = Array.from({ length: 12 }, (_, i) => `127.77.${i + 1}.1`);
    const { peers, found } = await network(hosts);
    const both = await Promise.all(
      [1, 2].map((number) => join({ ...found, peers: 12, listens: false, shard: { number, count: 2 } })),
    );
    await until('all handshakes', () => both.reduce((sum, { handshakes }) => sum + handshakes(), 0) === 12);
    expect(peers.map(({ connections }) => connections.length)).toEqual(peers.map(() => 1));
    expect(both.map(({ pool }) => pool.addresses.known ?? 0).reduce((a, b) => a + b)).toBe(12);
  });

  it('is each peer in turn, and always those that were named', async () => {
    const { peers, found } = await network([1, 2, 3, 4, 5].map((i) => `127.77.${i}.1`));
    const named = await fake();
    const { ends } = await join({ ...found, peers: 2, connect: [named], listens: false, rotateMs: 4_000 });
    await until('sessions to be let go', () => ends.length >= 3);
    expect(new Set(ends)).toEqual(new Set(['rotated']));
    await until('four of them', () => peers.filter(({ connections }) => connections.length > 0).length >= 4);
    expect(named.connections.map(({ socket }) => socket.destroyed)).toEqual([false]);
  });
});
