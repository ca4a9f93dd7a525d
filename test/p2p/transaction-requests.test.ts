import type { Hash } from '../../src/wire/hash';
import { INV_TX, INV_WTX, type InventoryItem } from '../../src/wire/messages/inventory';
import { TransactionRequests } from '../../src/p2p/transaction-requests';
import { type AskedPeer, askedPeer, type AskedPeerOptions } from '../support/asked-peer';
import { fakeHash } from '../support/fake-hash';

const hash = (n: number): Hash => fakeHash(n.toString(16).padStart(32, '0'));
const item = (n: number): InventoryItem => ({ type: INV_TX, hash: hash(n) });
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Transaction requests with a clock that the test sets. */
function newRequests(perSecond = 1_000) {
  let now = 0;
  const limited: number[] = [];
  const requests = new TransactionRequests(
    { perSecond },
    {
      clock: { monotonicMs: () => now, uniqueNs: () => 0n },
      rateLimited: (count) => limited.push(count),
    },
  );
  const peer = (options?: AskedPeerOptions): AskedPeer => {
    const it = askedPeer(options);
    requests.connected(it.connection);
    return it;
  };
  return {
    requests,
    limited,
    peer,
    peers: (count: number, options: AskedPeerOptions) => Array.from({ length: count }, () => peer(options)),
    announce: ({ connection }: AskedPeer, ...numbers: readonly number[]): number =>
      requests.announced(connection, numbers.map(item)),
    deny: ({ connection }: AskedPeer, ...numbers: readonly number[]): void =>
      requests.notFound(connection, numbers.map(item)),
    give: ({ connection }: AskedPeer, ...numbers: readonly number[]): void => {
      for (const n of numbers) requests.received(hash(n), hash(n), connection);
    },
    /** Lets time pass, with ticks like those of the pool. */
    pass: (ms: number): void => {
      for (let left = ms; left > 0; left -= 250) {
        now += Math.min(250, left);
        requests.tick();
      }
    },
  };
}

const INBOUND: AskedPeerOptions = { kind: 'inbound' };

describe('a transaction that its announcer does not deliver', () => {
  const failures: readonly (readonly [
    string,
    (bench: ReturnType<typeof newRequests>, peer: AskedPeer) => void,
  ])[] = [
    ['sends notfound', ({ deny }, peer) => deny(peer, 1)],
    ['has ended', ({ requests }, peer) => requests.ended(peer.connection)],
    ['is silent', ({ pass }) => pass(60_001)],
  ];

  it.each(failures)('is requested from the next announcer if the first %s', (_, fail) => {
    const bench = newRequests();
    const [first, second] = [bench.peer(), bench.peer()];
    bench.announce(first, 1);
    expect(bench.announce(second, 1)).toBe(1);
    expect(second.asked).toEqual([]);
    fail(bench, first);
    expect(second.asked).toEqual([hash(1)]);
    expect(first.asked).toEqual([hash(1)]);
  });

  it.each(failures)('is requested from a later announcer if the only one %s', (_, fail) => {
    const bench = newRequests();
    const [first, second] = [bench.peer(), bench.peer()];
    bench.announce(first, 1);
    fail(bench, first);
    expect(bench.announce(second, 1)).toBe(1);
    expect(second.asked).toEqual([hash(1)]);
    // Once.
    bench.announce(bench.peer(), 1);
    fail(bench, bench.peer());
    expect(first.asked).toEqual([hash(1)]);
  });

  it('is not requested again once it has come, or after a notfound from another peer', () => {
    const { requests, pass, peer, announce, deny } = newRequests();
    const [first, second] = [peer(), peer()];
    announce(first, 1);
    announce(second, 1);
    deny(second, 1);
    expect(second.asked).toEqual([]);
    expect(requests.received(hash(1), hash(2), first.connection)).toBe(true);
    expect(requests.received(hash(1), hash(2), second.connection)).toBe(false);
    deny(first, 1);
    pass(100_000);
    expect(second.asked).toEqual([]);
  });

  it('counts against the limit when it is requested again', () => {
    const { pass, peer, announce, deny } = newRequests(1);
    const [first, second] = [peer(), peer()];
    announce(first, 1);
    deny(first, 1);
    announce(second, 1);
    expect(second.asked).toEqual([]);
    pass(1_000);
    expect(second.asked).toEqual([hash(1)]);
  });
});

describe('a crowd of inbound peers that announces first and delivers nothing', () => {
  it('is not asked before an outbound peer that announces soon after', () => {
    const { peer, peers, announce, give, pass } = newRequests();
    const honest = peer();
    const crowd = peers(100, INBOUND);
    for (let n = 1; n <= 100; n++) {
      for (const liar of crowd) announce(liar, n);
      pass(1_000);
      announce(honest, n);
      expect(honest.asked.at(-1)).toBe(hash(n));
      give(honest, n);
    }
    expect(crowd.flatMap(({ asked }) => asked)).toEqual([]);
  });

  it('delays a late announcer by two seconds at most', () => {
    const { peer, peers, announce, pass } = newRequests();
    const honest = peer({ kind: 'kept' });
    const crowd = peers(100, INBOUND);
    for (const liar of crowd) announce(liar, 1);
    pass(3_000);
    expect(crowd.flatMap(({ asked }) => asked)).toEqual([hash(1)]);
    announce(honest, 1);
    pass(1_000);
    expect(honest.asked).toEqual([hash(1)]);
    // Overdue peers are asked no longer, and the others get no turn.
    for (const liar of crowd) announce(liar, 2);
    pass(10_000);
    announce(honest, 2);
    expect(honest.asked).toEqual([hash(1), hash(2)]);
  });

  it('excludes no announcer, however many there are', () => {
    const { peer, peers, announce, deny } = newRequests();
    const crowd = peers(100, INBOUND);
    const honest = peer(INBOUND);
    for (const each of [...crowd, honest]) announce(each, 1);
    for (const liar of crowd) {
      expect(honest.asked).toEqual([]);
      deny(liar, 1);
    }
    expect(honest.asked).toEqual([hash(1)]);
  });

  it('is asked after an honest inbound peer once it has let some requests lapse', () => {
    const { peer, peers, announce, give, pass } = newRequests();
    const crowd = peers(100, INBOUND);
    const honest = peer(INBOUND);
    // 20 transactions in a second, each announced by all peers, each time by another liar first.
    let n = 0;
    const second = (): void => {
      for (let i = 0; i < 20; i++) {
        n++;
        for (let j = 0; j < crowd.length; j++) announce(crowd[(n + j) % crowd.length] ?? honest, n);
        announce(honest, n);
      }
      pass(1_000);
      const before = honest.asked.map((each) => Number.parseInt(each, 16));
      give(honest, ...before);
    };
    const missing = (from: number): number[] => {
      const asked = new Set(honest.asked);
      return range(from, n - 60 - from).filter((each) => !asked.has(hash(each)));
    };
    for (let i = 0; i < 30; i++) second();
    // Each of the hundred got four requests and then no more: transactions that are announced now come in
    // three seconds.
    expect(missing(401)).toEqual([]);
    for (let i = 0; i < 60; i++) second();
    // The transactions that they held up came too, after a minute.
    expect(missing(1)).toEqual([]);
  });

  it('is passed over after two seconds for a peer that has delivered before, even with new addresses', () => {
    const { requests, peer, peers, announce, give, pass } = newRequests();
    const honest = peer(INBOUND);
    announce(honest, 1);
    give(honest, 1);
    for (let n = 2; n < 20; n++) {
      const crowd = peers(10, INBOUND);
      for (const liar of crowd) announce(liar, n);
      announce(honest, n);
      expect(honest.asked).not.toContain(hash(n));
      pass(2_000);
      expect(honest.asked).toContain(hash(n));
      give(honest, n);
      for (const { connection } of crowd) requests.ended(connection);
    }
  });

  it('does not use up the limit with invented transactions', () => {
    const { peer, peers, announce, give, pass } = newRequests(100);
    const honest = peer();
    const crowd = peers(10, INBOUND);
    let n = 0;
    for (let second = 1; second <= 10; second++) {
      for (const liar of crowd) announce(liar, ...range((n += 300), 300));
      const real = range(10_000_000 + 20 * second, 20);
      announce(honest, ...real);
      pass(1_000);
      expect(honest.asked.slice(-20)).toEqual(real.map(hash));
      give(honest, ...real);
    }
  });
});

describe('an outbound peer that lets requests lapse', () => {
  it('is asked after the others', () => {
    const { peer, announce, deny, give, pass } = newRequests();
    const [bad, good] = [peer(), peer()];
    announce(bad, ...range(1, 10));
    deny(bad, ...range(1, 10));
    for (let n = 20; n < 30; n++) {
      announce(bad, n);
      announce(good, n);
      pass(2_000);
      expect(good.asked).toContain(hash(n));
      give(good, n);
    }
  });

  it('has the rank of the others again after deliveries or some time', () => {
    for (const mend of ['deliver', 'wait']) {
      const { peer, announce, deny, give, pass } = newRequests();
      const [bad, good] = [peer(), peer()];
      announce(bad, ...range(1, 4));
      deny(bad, ...range(1, 4));
      if (mend === 'wait') pass(8 * 60_000);
      for (let n = 100; mend === 'deliver' && n < 164; n++) {
        announce(bad, n);
        give(bad, n);
      }
      announce(bad, 1_000);
      announce(good, 1_000);
      pass(30_000);
      expect(good.asked).toEqual([]);
    }
  });
});

describe('announcements are delayed', () => {
  it('by txid while a peer announces by wtxid, as in Core', () => {
    const { requests, peer, announce, pass } = newRequests();
    const modern = peer({ wtxidRelay: true });
    const old = peer();
    announce(old, 1, 2);
    requests.announced(modern.connection, [{ type: INV_WTX, hash: hash(2) }]);
    pass(1_000);
    expect([old.asked, modern.asked]).toEqual([[], [hash(2)]]);
    pass(1_000);
    expect(old.asked).toEqual([hash(1)]);
    requests.ended(modern.connection);
    announce(old, 3);
    expect(old.asked).toEqual([hash(1), hash(2), hash(3)]);
  });

  it('from inbound peers only while there is an outbound one', () => {
    const { requests, peer, announce, pass } = newRequests();
    const [dialled, guest] = [peer(), peer(INBOUND)];
    announce(guest, 1);
    expect(guest.asked).toEqual([]);
    pass(2_000);
    expect(guest.asked).toEqual([hash(1)]);
    requests.ended(dialled.connection);
    announce(guest, 2);
    expect(guest.asked).toEqual([hash(1), hash(2)]);
  });

  it('from peers with a hundred requests in flight, except those that the user named', () => {
    for (const [kind, asked] of [
      ['joined', 100],
      ['kept', 101],
    ] as const) {
      const { peer, announce, pass } = newRequests();
      const it = peer({ kind });
      announce(it, ...range(1, 100));
      announce(it, 1_000);
      expect(it.asked).toHaveLength(asked);
      pass(2_000);
      expect(it.asked).toHaveLength(101);
    }
  });
});

describe('the announcements of a peer', () => {
  it('are limited to 5,000 transactions; further ones are counted, and may be announced again', () => {
    const { limited, peer, announce, give, pass } = newRequests(10_000);
    const flooder = peer();
    announce(flooder, ...range(1, 6_000));
    expect(limited).toEqual([1_000]);
    pass(2_000);
    expect(flooder.asked).toHaveLength(5_000);
    give(flooder, ...range(1, 5_000));
    expect(announce(flooder, 5_500)).toBe(1);
    expect(flooder.asked.at(-1)).toBe(hash(5_500));
    expect(announce(flooder, 5_501, 1)).toBe(2);
  });

  it('are limited to fewer if a crowd dials us', () => {
    const { limited, peers, announce } = newRequests(1);
    for (const guest of peers(400, INBOUND)) announce(guest, ...range(1, 600));
    // Each may have 250: one of these transactions is requested; 350 of each peer are dropped.
    expect(limited.reduce((sum, count) => sum + count, 0)).toBe(249 + 400 * 350);
  });
});
