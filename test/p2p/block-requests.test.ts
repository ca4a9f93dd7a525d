import { BlockRequests } from '../../src/p2p/block-requests';
import type { Connection } from '../../src/p2p/connection';
import { INV_BLOCK, type InventoryItem } from '../../src/p2p/messages/inventory';

const hash = (n: number): string => n.toString(16).padStart(32, '0');
const item = (n: number): InventoryItem => ({ type: INV_BLOCK, hash: hash(n) });

/** Block requests, whose clock the test sets. */
function newRequests() {
  let now = 0;
  const blocks = new BlockRequests({ clock: { monotonicMs: () => now, uniqueNs: () => 0n } });
  const peer = (services = 1n, claimsWitness = true): { connection: Connection; asked: string[] } => {
    const asked: string[] = [];
    const request = (items: readonly InventoryItem[]): void =>
      void asked.push(...items.map((each) => each.hash));
    const claims = { services };
    const connection = { ended: false, established: true, claims, claimsWitness, request };
    return { connection: connection as unknown as Connection, asked };
  };
  return {
    blocks,
    peer,
    pass: (ms: number): void => {
      now += ms;
      blocks.tick();
    },
  };
}

describe('BlockRequests', () => {
  it('counts a block as requested that comes after nobody was left to ask', () => {
    const { blocks, peer, pass } = newRequests();
    const { connection, asked } = peer();
    blocks.announced(connection, [item(1)]);
    expect(asked).toEqual([hash(1)]);
    pass(31_000);
    expect(blocks.received(hash(1), connection)).toEqual({ first: true, requested: true, fetched: false });
    expect(blocks.received(hash(2), connection)).toEqual({ first: true, requested: false, fetched: false });
  });

  it('counts both answers as requested where the first was slow', () => {
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

  it('asks again where it gave up, and remembers no more than it may', () => {
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
    // What is still under way was asked for, whatever was announced since.
    expect(blocks.received(hash(1), connection).requested).toBe(true);
    blocks.announced(connection, [item(10_000)]);
    pass(31_000);
    for (let n = 10_001; n < 20_000; n++) {
      blocks.announced(connection, [item(n)]);
      blocks.received(hash(n), connection);
    }
    expect(blocks.received(hash(10_000), connection).requested).toBe(false);
  });

  it('asks the next announcer where a forgery came, and later ones where there is none', () => {
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

describe('fetching what is missing', () => {
  const display = (n: number): string => Buffer.from(hash(n), 'latin1').reverse().toString('hex');
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const fetch = (
    blocks: BlockRequests,
    numbers: readonly number[],
    peers: readonly Connection[],
    depth = 0,
  ) => blocks.fetch(numbers.map(display), depth, peers);

  it('is shared out among the peers, 16 blocks each at most, and nothing is asked for twice', () => {
    const { blocks, peer } = newRequests();
    const [a, b] = [peer(), peer()];
    const peers = [a.connection, b.connection];
    fetch(blocks, range(1, 8), peers);
    expect([a.asked.length, b.asked.length]).toEqual([4, 4]);
    fetch(blocks, range(1, 64), peers);
    expect([a.asked.length, b.asked.length]).toEqual([16, 16]);
    expect(new Set([...a.asked, ...b.asked]).size).toBe(32);
  });

  it('tells a block that was fetched from one that was announced, also when it is late', () => {
    const { blocks, peer, pass } = newRequests();
    const { connection } = peer();
    fetch(blocks, [1, 2, 3], [connection]);
    blocks.announced(connection, [item(2)]);
    expect(blocks.received(hash(1), connection)).toEqual({ first: true, requested: true, fetched: true });
    expect(blocks.received(hash(2), connection)).toEqual({ first: true, requested: true, fetched: false });
    pass(31_000);
    expect(blocks.received(hash(3), connection)).toEqual({ first: true, requested: true, fetched: true });
    // What came before may be needed once more.
    fetch(blocks, [2], [connection]);
    expect(blocks.received(hash(2), connection)).toEqual({ first: false, requested: true, fetched: true });
  });

  it('passes a silent peer over, and waits on one that sends', () => {
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
    // Where there is no other it is asked again.
    fetch(blocks, [8], [silent.connection]);
    expect(silent.asked).toEqual([1, 8].map(hash));
  });

  it('asks the next peer where one does not have it, and gives up where none has', () => {
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

  it('waits before it fetches a block again of which a forgery came, but not to take it from who announces it', () => {
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

  it('asks nobody for what he cannot have', () => {
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
