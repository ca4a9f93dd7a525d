import { setImmediate } from 'node:timers/promises';
import { EventBus } from '../../../src/lib/event-bus';
import type { MonitorEvents } from '../../../src/metrics/collector';
import type { PeerInfo } from '../../../src/p2p/p2p-events';
import { BtcdLag } from '../../../src/watch/series/btcd-lag';
import { WatchedPeer } from '../../../src/watch/series/watched-peer';
import { type Hash, displayOf } from '../../../src/wire/hash';
import { INV_TX, INV_WTX } from '../../../src/wire/messages/inventory';
import { parseTransaction } from '../../../src/wire/transaction';
import { fakeHash } from '../../support/fake-hash';
import { somePeer, TestClock } from '../../support/points';
import { buildTransaction } from '../../wire/build';

const peerAt = (id: number, address: string, outbound = true): PeerInfo => ({
  id,
  address,
  outbound,
  claims: null,
});
const node = peerAt(7, '127.0.0.1:8333');

function lagOf(peerAddress?: string) {
  const clock = new TestClock();
  const listenerBus = new EventBus<MonitorEvents>();
  const points: { fields: object; kind: string | undefined }[] = [];
  const lag = new BtcdLag({
    emit: (_, fields, tags) => {
      const kind = (tags as { kind?: string } | undefined)?.kind;
      points.push({ kind, fields: JSON.parse(JSON.stringify(fields)) as object });
    },
    clock,
    listenerBus,
    watchedPeer: new WatchedPeer('localhost', 'mainnet', listenerBus, { peerAddress }),
  });
  lag.begin();
  const announce = (ms: number, peer: PeerInfo, type: number, hash: Hash): void => {
    clock.ms = ms;
    listenerBus.emit('announced', { peer, items: [{ type, hash }], known: 0 });
  };
  const announceBlock = (ms: number, peer: PeerInfo, hash: Hash): void => {
    clock.ms = ms;
    listenerBus.emit('blockAnnounced', { peer, hash });
  };
  const connect = (ms: number, hash: Hash): void => {
    clock.ms = ms;
    lag.connected(hash);
  };
  const interval = (ms: number) => {
    clock.ms = ms;
    lag.interval();
    return points.splice(0);
  };
  return { lag, announce, announceBlock, connect, interval, listenerBus, points };
}

/** Transactions with a witness, so that each has two ids. */
const transactions = Array.from({ length: 4 }, (_, i) =>
  parseTransaction(buildTransaction({ lockTime: i, inputs: [{ witness: [Buffer.of(1)] }] })),
);
const [a, b, c, d] = transactions as [
  (typeof transactions)[0],
  (typeof transactions)[0],
  (typeof transactions)[0],
  (typeof transactions)[0],
];
const block = fakeHash('block');

describe('btcd_lag', () => {
  it('matches transactions of both orders, by either id, each once', () => {
    const { lag, announce, interval } = lagOf();
    announce(100, somePeer, INV_WTX, a.wireWtxid);
    announce(120, somePeer, INV_TX, a.wireTxid);
    lag.accepted(a, 150);
    announce(160, somePeer, INV_TX, a.wireTxid);
    // The node was first.
    lag.accepted(b, 200);
    announce(230, somePeer, INV_WTX, b.wireWtxid);
    announce(240, somePeer, INV_TX, b.wireTxid);
    // One of them alone has these.
    lag.accepted(c, 300);
    announce(310, somePeer, INV_TX, d.wireTxid);
    expect(interval(400)).toEqual([{ kind: 'tx', fields: { matched: 2, ahead: 1, p50: -30, p90: 50 } }]);
    expect(interval(500)).toEqual([{ kind: 'tx', fields: { matched: 0, ahead: 0 } }]);
  });

  it('tells how long the node took until it announced it, before or after it notified', () => {
    const { lag, announce, interval } = lagOf();
    lag.accepted(a, 100);
    announce(140, node, INV_WTX, a.wireWtxid);
    announce(150, node, INV_TX, a.wireTxid);
    // The notification was overtaken.
    announce(200, node, INV_TX, b.wireTxid);
    lag.accepted(b, 205);
    expect(interval(300)).toEqual([
      {
        kind: 'tx',
        fields: { matched: 2, ahead: 1, p50: -40, p90: 5, announced_p50: -5, announced_p90: 40 },
      },
    ]);
  });

  it('writes a point for a block when the node has announced it', () => {
    const { announceBlock, connect, interval, points } = lagOf();
    announceBlock(1_000, somePeer, block);
    connect(1_250, block);
    expect(points).toEqual([]);
    announceBlock(1_300, node, block);
    announceBlock(1_400, node, block);
    const sha = displayOf(block);
    expect(points).toEqual([{ kind: 'block', fields: { lag: 250, announce_lag: 50, sha } }]);
    expect(interval(99_000)).toHaveLength(2);
  });

  it('writes it half a minute later where the node does not announce it, and only once', () => {
    const { announceBlock, connect, interval, points } = lagOf();
    connect(1_000, block);
    announceBlock(900_000, somePeer, block);
    expect(interval(929_000).filter(({ kind }) => kind === 'block')).toEqual([]);
    expect(interval(930_000)).toContainEqual({
      kind: 'block',
      fields: { lag: -899_000, sha: displayOf(block) },
    });
    announceBlock(931_000, node, block);
    expect(points).toEqual([]);
  });

  it('forgets what strangers announce, and not what the node has', () => {
    const { lag, announce, interval } = lagOf();
    lag.accepted(a, 100);
    announce(150, somePeer, INV_TX, b.wireTxid);
    for (let i = 0; i < 40_000; i++) announce(200, somePeer, INV_TX, fakeHash(String(i)));
    lag.accepted(b, 300);
    announce(350, somePeer, INV_TX, a.wireTxid);
    expect(interval(400)[0]?.fields).toMatchObject({ matched: 1, ahead: 1, p50: -250 });
  });
});

describe('the watched node among the peers', () => {
  const of = (peerAddress?: string) => {
    const bus = new EventBus<MonitorEvents>();
    return { bus, watched: new WatchedPeer('127.0.0.1', 'mainnet', bus, { peerAddress }) };
  };

  it('is the one that was dialled at its host', () => {
    const { watched } = of();
    expect(watched.is(peerAt(1, '127.0.0.1:18555'))).toBe(true);
    expect(watched.is(peerAt(2, '192.0.2.1:8333'))).toBe(false);
    expect(watched.is(peerAt(3, '127.0.0.1:50000', false))).toBe(false);
  });

  it('is the one at the default port where several are there', () => {
    const { bus, watched } = of();
    const other = peerAt(1, '[::1]:18555');
    expect(watched.is(other)).toBe(true);
    expect(watched.is(node)).toBe(true);
    expect(watched.is(other)).toBe(false);
    bus.emit('disconnected', { peer: node, established: true, reason: 'closed-by-peer' });
    expect(watched.is(other)).toBe(true);
  });

  it('is the one at the port to which a tap leads, where several are there', () => {
    const bus = new EventBus<MonitorEvents>();
    const watched = new WatchedPeer('127.0.0.1', 'regtest', bus, { peerPort: 18_333 });
    const tapped = peerAt(1, '127.0.0.1:18333');
    expect(watched.is(node)).toBe(true);
    expect(watched.is(tapped)).toBe(true);
    expect(watched.is(node)).toBe(false);
  });

  it('is the one whose address is given', () => {
    const { watched } = of('127.0.0.1:18555');
    expect(watched.is(node)).toBe(false);
    expect(watched.is(peerAt(1, '127.0.0.1:18555'))).toBe(true);
  });

  it('is known by an address where its host is a name, also by a new one', async () => {
    const bus = new EventBus<MonitorEvents>();
    const addresses = ['198.51.100.7'];
    const asked: string[] = [];
    const watched = new WatchedPeer('btcd.example', 'mainnet', bus, {
      lookup: (host) => {
        asked.push(host);
        return addresses.length === 0 ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(addresses);
      },
    });
    const claims = { version: 70_016, services: 9n } as NonNullable<PeerInfo['claims']>;
    const handshake = async (peer: PeerInfo): Promise<void> => {
      bus.emit('handshake', { peer, claims });
      await setImmediate();
    };
    const first = peerAt(1, '198.51.100.7:8333');
    const second = peerAt(2, '198.51.100.8:8333');
    await handshake(first);
    expect([watched.is(first), watched.is(second)]).toEqual([true, false]);
    bus.emit('disconnected', { peer: first, established: true, reason: 'closed-by-peer' });
    addresses.splice(0, 1, '198.51.100.8');
    await handshake(second);
    expect([watched.is(first), watched.is(second)]).toEqual([false, true]);
    addresses.splice(0);
    await handshake(peerAt(3, '192.0.2.3:8333'));
    expect(watched.is(second)).toBe(true);
    expect(asked).toEqual(['btcd.example', 'btcd.example', 'btcd.example']);
  });
});
