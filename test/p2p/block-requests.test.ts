import { BlockRequests } from '../../src/p2p/block-requests';
import type { Connection } from '../../src/p2p/connection';
import type { Hash } from '../../src/wire/hash';
import { INV_BLOCK, type InventoryItem } from '../../src/wire/messages/inventory';
import { type AskedPeer, askedPeer } from '../support/asked-peer';
import { fakeHash } from '../support/fake-hash';

const hash = (n: number): Hash => fakeHash(n.toString(16).padStart(32, '0'));
const item = (n: number): InventoryItem => ({ type: INV_BLOCK, hash: hash(n) });
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Block requests with a clock that the test sets. */
function newRequests() {
  let now = 0;
  const blocks = new BlockRequests({ clock: { monotonicMs: () => now, uniqueNs: () => 0n } });
  return {
    blocks,
    peer: (services?: bigint, claimsWitness?: boolean): AskedPeer => askedPeer({ services, claimsWitness }),
    guest: (): AskedPeer => askedPeer({ kind: 'inbound' }),
    announce: ({ connection }: AskedPeer, ...numbers: readonly number[]): number =>
      blocks.announced(connection, numbers.map(item)),
    /** Lets time pass, with ticks like those of the pool. */
    pass: (ms: number): void => {
      for (let left = ms; left > 0; left -= 250) {
        now += Math.min(250, left);
        blocks.tick();
      }
    },
  };
}

describe('BlockRequests', () => {
  it('counts a block as requested that comes after all announcers failed', () => {
    const { blocks, peer, pass } = newRequests();
    const { connection, asked } = peer();
    blocks.announced(connection, [item(1)]);
    expect(asked).toEqual([hash(1)]);
    pass(31_000);
    expect(blocks.received(hash(1), connection)).toEqual({ first: true, requested: true, fetched: false });
    expect(blocks.received(hash(2), connection)).toEqual({ first: true, requested: false, fetched: false });
  });

  it('counts both answers as requested if the first was slow', () => {
    const { blocks, peer, pass } = newRequests();
    const [slow, other] = [peer(), peer()];
    blocks.announced(slow.connection, [item(1)]);
    blocks.announced(other.connection, [item(1)]);
    pass(31_000);
    expect(other.asked).toEqual([hash(1)]);
    const late = { requested: true, fetched: false };
    expect(blocks.received(hash(1), slow.connection)).toEqual({ first: true, ...late });
    expect(blocks.received(hash(1), other.connection)).toEqual({ first: false, ...late });
  });

  it('asks again after giving up, and remembers a bounded number of blocks', () => {
    const { blocks, peer, pass } = newRequests();
    const { connection, asked } = peer();
    blocks.announced(connection, [item(1)]);
    pass(31_000);
    blocks.announced(connection, [item(1)]);
    expect(asked).toEqual([hash(1), hash(1)]);
    for (let n = 2; n < 10_000; n++) {
      blocks.announced(connection, [item(n)]);
      blocks.received(hash(n), connection);
    }
    // A block in flight stays requested, whatever was announced since.
    expect(blocks.received(hash(1), connection).requested).toBe(true);
    blocks.announced(connection, [item(10_000)]);
    pass(31_000);
    for (let n = 10_001; n < 20_000; n++) {
      blocks.announced(connection, [item(n)]);
      blocks.received(hash(n), connection);
    }
    expect(blocks.received(hash(10_000), connection).requested).toBe(false);
  });

  it('asks the next announcer after a forgery, or a later one if there is none', () => {
    const { blocks, peer } = newRequests();
    const [forger, honest, late] = [peer(), peer(), peer()];
    blocks.announced(forger.connection, [item(1)]);
    blocks.announced(honest.connection, [item(1)]);
    blocks.received(hash(1), forger.connection);
    blocks.forged(hash(1));
    expect(honest.asked).toEqual([hash(1)]);
    const answer = blocks.received(hash(1), honest.connection);
    expect(answer).toEqual({ first: true, requested: true, fetched: false });
    blocks.forged(hash(1));
    expect(blocks.announced(late.connection, [item(1)])).toBe(1);
    expect(late.asked).toEqual([hash(1)]);
    expect(forger.asked).toEqual([hash(1)]);
  });
});

describe('a peer that announces a block and does not deliver it', () => {
  it('delays it by two seconds if it is inbound and an outbound peer has the block too', () => {
    const { announce, guest, peer, pass } = newRequests();
    const [liar, honest, late] = [guest(), peer(), peer()];
    announce(liar, 1, 2);
    announce(honest, 1);
    expect(honest.asked).toEqual([]);
    pass(2_000);
    expect(honest.asked).toEqual([hash(1)]);
    announce(late, 2);
    expect(late.asked).toEqual([hash(2)]);
    expect(liar.asked).toEqual([1, 2].map(hash));
  });

  it('has one deadline, which its other blocks do not postpone', () => {
    const { blocks, announce, guest, pass } = newRequests();
    const [liar, honest] = [guest(), guest()];
    announce(liar, 1);
    announce(honest, 1);
    for (let n = 2; n < 4; n++) {
      announce(liar, n);
      pass(14_900);
      blocks.received(hash(n), liar.connection);
    }
    expect(honest.asked).toEqual([]);
    pass(250);
    expect(honest.asked).toEqual([hash(1)]);
  });

  it('is asked last for the next blocks; a crowd delays a block by ten seconds for each peer, once', () => {
    const { blocks, announce, guest, pass } = newRequests();
    const crowd = Array.from({ length: 20 }, guest);
    const honest = guest();
    for (const liar of crowd) announce(liar, 1);
    announce(honest, 1);
    pass(30_000 + 19 * 10_000);
    expect(crowd.map(({ asked }) => asked)).toEqual(crowd.map(() => [hash(1)]));
    expect(honest.asked).toEqual([hash(1)]);
    blocks.received(hash(1), honest.connection);
    for (const liar of crowd) announce(liar, 2);
    announce(honest, 2);
    pass(2_000);
    expect(honest.asked).toEqual([1, 2].map(hash));
  });

  it('excludes no other announcer, however many blocks it invents', () => {
    const { announce, guest, peer, pass } = newRequests();
    const liar = peer();
    const crowd = Array.from({ length: 100 }, guest);
    announce(liar, ...range(1_000, 1_000));
    expect(liar.asked).toHaveLength(512);
    for (const each of crowd) announce(each, ...range(10_000, 512), 1);
    const honest = guest();
    announce(honest, 1);
    pass(31_000);
    expect(honest.asked).toEqual([hash(1)]);
  });

  it('is given up when it is gone, and another is asked at once', () => {
    const { blocks, announce, peer } = newRequests();
    const [first, second, third] = [peer(), peer(), peer()];
    for (const each of [first, second, third]) announce(each, 1);
    blocks.ended(second.connection);
    expect(third.asked).toEqual([]);
    blocks.ended(first.connection);
    expect([second.asked, third.asked]).toEqual([[], [hash(1)]]);
  });

  it('has no more time for the full block than it had for the compact one', () => {
    const { blocks, announce, guest, pass } = newRequests();
    const [liar, honest] = [guest(), guest()];
    blocks.expect(liar.connection, hash(1));
    announce(honest, 1);
    pass(9_000);
    blocks.askWhole(liar.connection, hash(1));
    expect(liar.asked).toEqual([hash(1)]);
    pass(20_750);
    expect(honest.asked).toEqual([]);
    pass(250);
    expect(honest.asked).toEqual([hash(1)]);
    expect([blocks.trusts(liar.connection), blocks.trusts(honest.connection)]).toEqual([false, true]);
  });
});

describe('fetching missing blocks', () => {
  const fetch = (
    blocks: BlockRequests,
    numbers: readonly number[],
    peers: readonly Connection[],
    depth = 0,
  ) => blocks.fetch(numbers.map(hash), depth, peers);

  it('is shared among the peers, at most 16 blocks each, and requests nothing twice', () => {
    const { blocks, peer } = newRequests();
    const [a, b] = [peer(), peer()];
    const peers = [a.connection, b.connection];
    fetch(blocks, range(1, 8), peers);
    expect([a.asked.length, b.asked.length]).toEqual([4, 4]);
    fetch(blocks, range(1, 64), peers);
    expect([a.asked.length, b.asked.length]).toEqual([16, 16]);
    expect(new Set([...a.asked, ...b.asked]).size).toBe(32);
  });

  it('distinguishes a fetched block from an announced one, even when it is late', () => {
    const { blocks, peer, pass } = newRequests();
    const { connection } = peer();
    fetch(blocks, [1, 2, 3], [connection]);
    blocks.announced(connection, [item(2)]);
    expect(blocks.received(hash(1), connection)).toEqual({ first: true, requested: true, fetched: true });
    expect(blocks.received(hash(2), connection)).toEqual({ first: true, requested: true, fetched: false });
    pass(31_000);
    expect(blocks.received(hash(3), connection)).toEqual({ first: true, requested: true, fetched: true });
    // A block that came before may be needed again.
    fetch(blocks, [2], [connection]);
    expect(blocks.received(hash(2), connection)).toEqual({ first: false, requested: true, fetched: true });
  });

  it('passes over a silent peer, and waits for one that sends', () => {
    const { blocks, peer, pass } = newRequests();
    const [silent, good] = [peer(), peer()];
    fetch(blocks, [1], [silent.connection]);
    fetch(blocks, [2, 3, 4], [good.connection]);
    pass(20_000);
    blocks.received(hash(2), good.connection);
    pass(20_000);
    expect(good.asked).toEqual([2, 3, 4].map(hash));
    fetch(blocks, [1, 5, 6, 7], [silent.connection, good.connection]);
    expect(silent.asked).toEqual([hash(1)]);
    expect(good.asked).toEqual([2, 3, 4, 1, 5, 6, 7].map(hash));
    // Without another peer the same one is asked again.
    fetch(blocks, [8], [silent.connection]);
    expect(silent.asked).toEqual([1, 8].map(hash));
  });

  it('asks the next peer after a notfound, and gives up if no peer has the block', () => {
    const { blocks, peer } = newRequests();
    const [a, b] = [peer(), peer()];
    const peers = [a.connection, b.connection];
    fetch(blocks, [1], peers);
    blocks.notFound(a.connection, [item(1)]);
    expect(b.asked).toEqual([hash(1)]);
    blocks.notFound(b.connection, [item(1)]);
    fetch(blocks, [1], peers);
    expect(a.asked.length + b.asked.length).toBe(3);
  });

  it('waits after a forgery before it fetches the block again, but requests it at once from an announcer', () => {
    const { blocks, peer, pass } = newRequests();
    const [forger, other, honest] = [peer(), peer(), peer()];
    fetch(blocks, [1], [forger.connection]);
    blocks.received(hash(1), forger.connection);
    blocks.forged(hash(1));
    fetch(blocks, [1], [forger.connection, other.connection]);
    expect([forger.asked, other.asked]).toEqual([[hash(1)], []]);
    blocks.announced(honest.connection, [item(1)]);
    expect(honest.asked).toEqual([hash(1)]);
    blocks.received(hash(1), honest.connection);
    blocks.forged(hash(1));
    pass(301_000);
    fetch(blocks, [1], [other.connection]);
    expect(other.asked).toEqual([hash(1)]);
  });

  it('forgets a peer that could have been asked for a block and ended before the block came', () => {
    const { blocks, announce, peer } = newRequests();
    for (let n = 1; n <= 200; n++) {
      const [asked, gone] = [peer(), peer()];
      fetch(blocks, [n], [asked.connection, gone.connection]);
      Object.assign(gone.connection, { ended: true });
      blocks.ended(gone.connection);
      blocks.received(hash(n), asked.connection);
      blocks.ended(asked.connection);
    }
    // Peers share the room for announced blocks, so each one that is remembered makes the room smaller.
    const last = peer();
    announce(last, ...range(1_000, 512));
    expect(last.asked.length).toBe(512);
  });

  it('asks outbound peers before inbound ones', () => {
    const { blocks, guest, peer } = newRequests();
    const [inbound, outbound] = [guest(), peer()];
    fetch(blocks, range(1, 16), [inbound.connection, outbound.connection]);
    expect([inbound.asked.length, outbound.asked.length]).toEqual([0, 16]);
    fetch(blocks, [17], [inbound.connection, outbound.connection]);
    expect(inbound.asked).toEqual([hash(17)]);
  });

  it('passes over a peer that withholds one block and sends others, for all its blocks', () => {
    const { blocks, peer, pass } = newRequests();
    const [liar, good] = [peer(), peer()];
    fetch(blocks, range(1, 4), [liar.connection]);
    fetch(blocks, range(5, 1), [good.connection, liar.connection]);
    blocks.received(hash(5), good.connection);
    pass(29_000);
    blocks.received(hash(2), liar.connection);
    pass(1_000);
    fetch(blocks, range(1, 4), [liar.connection, good.connection]);
    expect(good.asked).toEqual([5, 1, 2, 3, 4].map(hash));
  });

  it('asks no peer for a block that it cannot have', () => {
    const { blocks, peer } = newRequests();
    const pruned = peer(1n << 10n);
    const none = peer(0n);
    const bare = peer(1n << 0n, false);
    const peers = [pruned.connection, none.connection, bare.connection];
    fetch(blocks, [1], peers, 300);
    fetch(blocks, [2], peers, 100);
    expect([pruned.asked, none.asked, bare.asked]).toEqual([[hash(2)], [], []]);
  });
});
