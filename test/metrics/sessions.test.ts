import { bandwidth } from '../../src/metrics/collectors/bandwidth';
import { msgRecv } from '../../src/metrics/collectors/msg-recv';
import { msgSent } from '../../src/metrics/collectors/msg-sent';
import { peerSessions } from '../../src/metrics/collectors/peer-sessions';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { COUNTED_COMMANDS } from '../../src/wire/commands';
import { COMMAND_COUNTS } from '../../src/metrics/sessions/session-commands';
import { INV_BLOCK, INV_WTX } from '../../src/wire/messages/inventory';
import { fakeHash } from '../support/fake-hash';
import { type Bench, benchOf, somePeer } from '../support/points';
import { randomFrom } from '../support/query-points';

const claims = {
  ...{ version: 70_016, services: 0xc09n, time: 0n, startHeight: 5, relay: true, nonce: 0n },
  userAgent: `/Satoshi:31.0.0/\n${'é'.repeat(70)}`,
};

const SOME_TX = { wireTxid: 'x' } as never;

const messages = (bench: Bench): readonly Record<string, unknown>[] =>
  bench.points.filter(({ series }) => series === 'session_messages').map(({ fields }) => fields);

const ended = (bench: Bench): readonly Record<string, unknown>[] =>
  bench.points.filter(({ series }) => series === 'peer_sessions').map(({ fields }) => fields);

describe('a connection that ends', () => {
  it('has one point with everything that is known of it', () => {
    const bench = benchOf([peerSessions], { asnOf: (ip) => (ip === '8.8.8.8' ? 15_169 : undefined) });
    const { bus, clock } = bench;
    const peer: PeerInfo = { ...somePeer, address: '8.8.8.8:8333', claims, transport: 'v2' };
    bus.emit('bytesWritten', { peer, bytes: 100 });
    bus.emit('sent', { peer, command: 'version', bytes: 100 });
    bus.emit('bytesRead', { peer, bytes: 250 });
    bus.emit('received', { peer, command: 'version', bytes: 120 });
    const now = Math.floor(Date.now() / 1_000);
    const told = { ...claims, time: BigInt(now + 90) };
    bus.emit('handshake', { peer, claims: told });
    bus.emit('received', { peer, command: 'inv', bytes: 130 });
    const items = [INV_WTX, INV_WTX, INV_BLOCK, 99].map((type, i) => ({ type, hash: fakeHash(`${i}`) }));
    bus.emit('announced', { peer, items, known: 1 });
    bus.emit('blockAnnounced', { peer, hash: fakeHash('2') });
    bus.emit('requested', { peer, count: 3 });
    bus.emit('transaction', { peer, transaction: SOME_TX, first: false, receivedMs: 0 });
    bus.emit('block', { peer, block: {} as never, first: true, requested: true, receivedMs: 0 });
    bus.emit('addresses', { peer, addresses: [{}, {}] as never });
    bus.emit('violation', { peer, reason: 'malformed-tx' });
    bus.emit('feeFilter', { peer, perKvb: 1_500 });
    bus.emit('feeFilter', { peer, perKvb: -1 });
    for (const rttMs of [30, 10, 20]) bus.emit('pong', { peer, rttMs });
    clock.ms = 61_900;
    bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
    // What comes after its end belongs to no session.
    bus.emit('received', { peer, command: 'inv', bytes: 1 });
    bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
    const [fields = {}, ...more] = ended(bench);
    expect(more).toEqual([]);
    const counts = Object.fromEntries(COMMAND_COUNTS.map(({ column }) => [column, 0]));
    const offset = fields['time_offset'] as number;
    expect(Math.abs(offset - 90)).toBeLessThanOrEqual(60);
    expect(messages(bench)).toEqual([
      { ...counts, session: 1, address: '8.8.8.8:8333', recv_inv: 1, recv_inv_bytes: 130 },
    ]);
    expect(fields).toEqual({
      session: 1,
      ...{
        address: '8.8.8.8:8333',
        port: 8333,
        address_network: 'ipv4',
        netgroup: '8.8.0.0/16',
        asn: 15_169,
      },
      ...{ is_inbound: false, transport: 'v2', user_agent: `/Satoshi:31.0.0/?${'?'.repeat(47)}` },
      ...{ version: 70_016, services: '0000000000000c09', relay: true, start_height: 5, height: undefined },
      ...{ is_established: true, time_offset: offset, duration: 61, reason: 'closed-by-peer' },
      ...{ bytes_recv: 250, bytes_sent: 100, msg_recv: 2, msg_sent: 1 },
      ...{ inv_first: 2, inv_later: 1, blocks_announced: 1, requested: 3, undelivered: 1 },
      ...{ spy_score: 0, spy_reasons: undefined, labels: undefined },
      ...{ ping_least: 10, ping_median: 20, fee_filter: 1.5, addrs_told: 2, violations: 1 },
    });
    expect(bench.lines()).toHaveLength(2);
  });

  it('fits into a datagram, whatever it has done', () => {
    const bench = benchOf([peerSessions], { asnOf: () => 4_294_967_295 });
    const { bus } = bench;
    const peer: PeerInfo = {
      ...{ id: 999_999_999, address: `${'a'.repeat(56)}.onion:65535`, outbound: false, transport: 'v2' },
      claims: { ...claims, userAgent: 'x'.repeat(200), services: 2n ** 64n - 1n, startHeight: 2 ** 31 - 1 },
    };
    bus.emit('bytesRead', { peer, bytes: 1e12 });
    bus.emit('bytesWritten', { peer, bytes: 1e12 });
    bus.emit('handshake', { peer, claims: { ...claims, time: 2n ** 62n } });
    for (const { command, isReceived } of COMMAND_COUNTS)
      bus.emit(isReceived ? 'received' : 'sent', { peer, command, bytes: 1e12 });
    bus.emit('announced', { peer, items: [{ type: INV_WTX, hash: fakeHash('') }], known: 1e10 });
    bus.emit('requested', { peer, count: 1e10 });
    bus.emit('pong', { peer, rttMs: 1_234.567_890_123 });
    bus.emit('feeFilter', { peer, perKvb: 123_456_789 });
    bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
    for (const line of bench.lines()) expect(line.length).toBeLessThan(1_250);
  });

  it('has none where no byte of it passed', () => {
    const bench = benchOf([peerSessions]);
    bench.bus.emit('disconnected', { peer: somePeer, established: false, reason: 'closed-by-peer' });
    expect(ended(bench)).toEqual([]);
  });

  it('has the median of its last 31 pings', () => {
    const bench = benchOf([peerSessions]);
    const { bus } = bench;
    bus.emit('bytesRead', { peer: somePeer, bytes: 1 });
    for (let rttMs = 1; rttMs <= 100; rttMs++) bus.emit('pong', { peer: somePeer, rttMs });
    bus.emit('disconnected', { peer: somePeer, established: false, reason: 'stalled' });
    expect(ended(bench)).toEqual([expect.objectContaining({ ping_least: 1, ping_median: 85 })]);
  });
});

it('connections without a handshake have 100 points of their own in an interval, and one for the others', () => {
  const bench = benchOf([peerSessions]);
  const { bus } = bench;
  const knock = (count: number): void => {
    for (let id = 0; id < count; id++) {
      const peer = { ...somePeer, id, outbound: false };
      bus.emit('bytesRead', { peer, bytes: 7 });
      bus.emit('received', { peer, command: 'ping', bytes: 7 });
      bus.emit('disconnected', { peer, established: false, reason: 'no-version-first' });
    }
  };
  knock(250);
  bench.interval();
  expect(ended(bench)).toHaveLength(101);
  const last = ended(bench).at(-1);
  expect(last).toMatchObject({ merged: 150, bytes_recv: 1_050, msg_recv: 150 });
  expect(messages(bench).at(-1)).toMatchObject({ recv_ping: 150, recv_ping_bytes: 1_050, recv_inv: 0 });
  expect(last).not.toHaveProperty('address');
  // Each line has exactly one anchor, or this throws.
  expect(bench.lines()).toHaveLength(202);
  bench.interval();
  knock(100);
  bench.interval();
  expect(ended(bench)).toHaveLength(100);
});

it('the sums over all connections are those of the messages and bytes', () => {
  const bench = benchOf([bandwidth, msgRecv, msgSent, peerSessions]);
  const { bus } = bench;
  const next = randomFrom(99);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const peers = Array.from({ length: 300 }, (_, id): PeerInfo => ({
    ...{ ...somePeer, id, outbound: id % 3 === 0, address: `198.51.100.${id % 200}:${1_000 + id}` },
    claims: null,
  }));
  const open = new Set<PeerInfo>();
  for (let i = 0; i < 20_000; i++) {
    const peer = pick(peers);
    open.add(peer);
    const bytes = Math.floor(next() * 5_000);
    const command = pick(COUNTED_COMMANDS);
    if (next() < 0.7) {
      bus.emit('bytesRead', { peer, bytes });
      bus.emit('received', { peer, command, bytes });
    } else {
      // It relays nothing.
      const sent = ['inv', 'tx', 'block', 'cmpctblock'].includes(command) ? 'pong' : command;
      bus.emit('bytesWritten', { peer, bytes });
      bus.emit('sent', { peer, command: sent, bytes });
    }
    if (next() < 0.02) {
      bus.emit('disconnected', { peer, established: false, reason: 'closed-by-peer' });
      open.delete(peer);
    }
    if (i % 5_000 === 0) bench.interval();
  }
  for (const peer of open) bus.emit('disconnected', { peer, established: false, reason: 'stopped' });
  bench.interval();
  const sum = (series: string, column: string): number =>
    bench.points
      .filter((point) => point.series === series)
      .reduce((total, { fields }) => total + Number(fields[column] ?? 0), 0);
  for (const { column, command, isReceived, unit } of COMMAND_COUNTS) {
    const series = `msg_${isReceived ? 'recv' : 'sent'}${unit === 'bytes' ? '_bytes' : ''}`;
    expect([column, sum('session_messages', column)]).toEqual([column, sum(series, command)]);
  }
  for (const series of ['msg_recv', 'msg_sent'])
    expect(sum('peer_sessions', series)).toBe(
      COUNTED_COMMANDS.reduce((total, command) => total + sum(series, command), 0),
    );
  const total = bench.points.filter(({ series }) => series === 'bandwidth').at(-1)?.fields;
  expect(sum('peer_sessions', 'bytes_recv')).toBe(total?.['bytes_recv']);
  expect(sum('peer_sessions', 'bytes_sent')).toBe(total?.['bytes_sent']);
  expect(sum('peer_sessions', 'merged')).toBeGreaterThan(0);
});

describe('the spy score', () => {
  interface Life {
    readonly host?: string;
    readonly userAgent?: string;
    readonly services?: bigint;
    readonly relay?: boolean;
    readonly requested?: number;
    readonly sends?: number;
    readonly announces?: boolean;
  }

  /** Connections that are open at the same time for so many minutes, and what is told at their ends. */
  const lives = (minutes: number, all: readonly Life[]): readonly unknown[] => {
    const bench = benchOf([peerSessions]);
    const { bus, clock } = bench;
    const peers = all.map((life, id): PeerInfo & { claims: NonNullable<PeerInfo['claims']> } => ({
      ...{ id, address: `${life.host ?? `8.${id}.8.8`}:8333`, outbound: id % 2 === 0 },
      claims: {
        ...claims,
        userAgent: life.userAgent ?? '/Satoshi:31.0.0/',
        services: life.services ?? 0xc09n,
        relay: life.relay ?? true,
      },
    }));
    for (const peer of peers) {
      bus.emit('bytesRead', { peer, bytes: 1 });
      bus.emit('handshake', { peer, claims: peer.claims });
    }
    clock.ms = minutes * 60_000;
    peers.forEach((peer, id) => {
      const { requested = 0, sends = 0, announces = true } = all[id] ?? {};
      if (announces)
        bus.emit('announced', { peer, items: [{ type: INV_WTX, hash: fakeHash(`${id}`) }], known: 0 });
      bus.emit('requested', { peer, count: requested });
      for (let i = 0; i < sends; i++)
        bus.emit('transaction', { peer, transaction: SOME_TX, first: false, receivedMs: 0 });
      bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
    });
    return ended(bench).map(({ spy_score, spy_reasons }) => [spy_score, spy_reasons]);
  };

  const NONE = [0, undefined];

  it('is 0 of a peer that takes part', () => {
    expect(lives(600, [{ requested: 100, sends: 60 }])).toEqual([NONE]);
  });

  it.each([
    [9, {}, NONE],
    [10, {}, [20, 'silent']],
    [119, { relay: false }, NONE],
    [120, { relay: false }, [20, 'silent']],
  ])('sees who says nothing in %d minutes (%j)', (minutes, life, expected) => {
    expect(lives(minutes, [{ ...life, announces: false }])).toEqual([expected]);
  });

  it.each([
    [19, 0, NONE],
    [20, 10, NONE],
    [20, 9, [20, 'undelivered']],
  ])('sees who was asked for %d and sent %d', (requested, sends, expected) => {
    expect(lives(1, [{ requested, sends }])).toEqual([expected]);
  });

  it('sees many of one netgroup, and forgets them when they have gone', () => {
    const some = (count: number): Life[] => Array.from({ length: count }, (_, i) => ({ host: `8.8.4.${i}` }));
    expect(lives(1, some(4))).toEqual(some(4).map(() => NONE));
    expect(lives(1, some(5))).toEqual(some(5).map(() => [40, 'netgroup']));
    // This machine's own addresses may stand for anybody.
    const own = some(9).map((_, i) => ({ host: `127.0.0.${i}` }));
    expect(lives(1, own)).toEqual(own.map(() => NONE));
    const bench = benchOf([peerSessions]);
    for (let id = 0; id < 20; id++) {
      const peer = { ...somePeer, id, address: `8.8.4.${id}:8333`, claims };
      bench.bus.emit('bytesRead', { peer, bytes: 1 });
      bench.bus.emit('handshake', { peer, claims });
      bench.bus.emit('disconnected', { peer, established: true, reason: 'closed-by-peer' });
    }
    expect(ended(bench).every(({ spy_score }) => spy_score === 0)).toBe(true);
  });

  it.each([
    ['/Satoshi:31.0.0/', 0xc09n, NONE],
    ['/Satoshi:31.0.0/', 0x8n, [20, 'agents']],
    ['/Satoshi:31.0.0/', 0x401n, [20, 'agents']],
    ['/light:1/', 0n, NONE],
    ['/light:1/', 1n << 40n, [20, 'agents']],
  ])('sees many that call themselves %s with the services %d', (userAgent, services, expected) => {
    const all = Array.from({ length: 5 }, () => ({ userAgent, services }));
    expect(lives(1, all)).toEqual(all.map(() => expected));
    expect(lives(1, all.slice(1))).toEqual(all.slice(1).map(() => NONE));
  });

  it('adds the reasons up', () => {
    const all = Array.from({ length: 5 }, (_, i) => ({
      ...{ host: `8.8.4.${i}`, services: 0n, announces: false, requested: 100 },
    }));
    expect(lives(10, all)).toEqual(all.map(() => [100, 'netgroup,silent,undelivered,agents']));
  });
});
