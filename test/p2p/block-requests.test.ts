import { BlockRequests } from '../../src/p2p/block-requests';
import type { Connection } from '../../src/p2p/connection';
import { INV_BLOCK, type InventoryItem } from '../../src/p2p/messages/inventory';

const hash = (n: number): string => n.toString(16).padStart(32, '0');
const item = (n: number): InventoryItem => ({ type: INV_BLOCK, hash: hash(n) });

/** Block requests, whose clock the test sets. */
function newRequests() {
  let now = 0;
  const blocks = new BlockRequests({ clock: { monotonicMs: () => now, uniqueNs: () => 0n } });
  const peer = (): { connection: Connection; asked: string[] } => {
    const asked: string[] = [];
    const request = (items: readonly InventoryItem[]): void =>
      void asked.push(...items.map((each) => each.hash));
    return { connection: { ended: false, claimsWitness: true, request } as unknown as Connection, asked };
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
    expect(blocks.received(hash(1))).toEqual({ first: true, requested: true });
    expect(blocks.received(hash(2))).toEqual({ first: true, requested: false });
  });

  it('counts both answers as requested where the first was slow', () => {
    const { blocks, peer, pass } = newRequests();
    const [slow, other] = [peer(), peer()];
    blocks.announced(slow.connection, [item(1)]);
    blocks.announced(other.connection, [item(1)]);
    pass(31_000);
    expect(other.asked).toEqual([hash(1)]);
    expect(blocks.received(hash(1))).toEqual({ first: true, requested: true });
    expect(blocks.received(hash(1))).toEqual({ first: false, requested: true });
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
      blocks.received(hash(n));
    }
    expect(blocks.received(hash(1)).requested).toBe(false);
  });

  it('asks the next announcer where a forgery came, and later ones where there is none', () => {
    const { blocks, peer } = newRequests();
    const [forger, honest, late] = [peer(), peer(), peer()];
    blocks.announced(forger.connection, [item(1)]);
    blocks.announced(honest.connection, [item(1)]);
    blocks.received(hash(1));
    blocks.forged(hash(1));
    expect(honest.asked).toEqual([hash(1)]);
    expect(blocks.received(hash(1))).toEqual({ first: true, requested: true });
    blocks.forged(hash(1));
    expect(blocks.announced(late.connection, [item(1)])).toBe(1);
    expect(late.asked).toEqual([hash(1)]);
    expect(forger.asked).toEqual([hash(1)]);
  });
});
