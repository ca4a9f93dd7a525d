import type { Connection } from '../../src/p2p/connection';
import { INV_TX, type InventoryItem } from '../../src/p2p/messages/inventory';
import { TransactionRequests } from '../../src/p2p/transaction-requests';

const hash = (n: number): string => n.toString(16).padStart(32, '0');
const item = (n: number): InventoryItem => ({ type: INV_TX, hash: hash(n) });

interface Peer {
  readonly connection: Connection;
  readonly asked: string[];
  end(): void;
}

function newPeer(): Peer {
  const asked: string[] = [];
  const connection = {
    ended: false,
    claimsWitness: true,
    request: (items: readonly InventoryItem[]) => asked.push(...items.map((each) => each.hash)),
  };
  return {
    connection: connection as unknown as Connection,
    asked,
    end: () => (connection.ended = true),
  };
}

/** Transaction requests, whose clock the test sets. */
function newRequests(perSecond = 1_000) {
  let now = 0;
  const requests = new TransactionRequests(
    { perSecond },
    {
      clock: { monotonicMs: () => now, uniqueNs: () => 0n },
      rateLimited: () => undefined,
    },
  );
  return {
    requests,
    pass: (ms: number): void => {
      now += ms;
      requests.tick();
    },
  };
}

describe('a transaction that a peer announces and does not give', () => {
  const failures: readonly (readonly [
    string,
    (bench: ReturnType<typeof newRequests>, peer: Peer) => void,
  ])[] = [
    ['says that it does not have it', ({ requests }, peer) => requests.notFound(peer.connection, [item(1)])],
    [
      'is gone',
      ({ pass }, peer) => {
        peer.end();
        pass(250);
      },
    ],
    ['is silent', ({ pass }) => pass(60_001)],
  ];

  it.each(failures)('is asked of the next announcer where the first %s', (_, fail) => {
    const bench = newRequests();
    const [first, second] = [newPeer(), newPeer()];
    bench.requests.announced(first.connection, [item(1)]);
    expect(bench.requests.announced(second.connection, [item(1)])).toBe(1);
    expect(second.asked).toEqual([]);
    fail(bench, first);
    expect(second.asked).toEqual([hash(1)]);
    expect(first.asked).toEqual([hash(1)]);
  });

  it.each(failures)('is asked of one that announces it later where the only one %s', (_, fail) => {
    const bench = newRequests();
    const [first, second] = [newPeer(), newPeer()];
    bench.requests.announced(first.connection, [item(1)]);
    fail(bench, first);
    expect(bench.requests.announced(second.connection, [item(1)])).toBe(1);
    expect(second.asked).toEqual([hash(1)]);
    // Once.
    bench.requests.announced(newPeer().connection, [item(1)]);
    fail(bench, newPeer());
    expect(first.asked).toEqual([hash(1)]);
  });

  it('is not looked for once it has come, or where another one does not have it', () => {
    const { requests, pass } = newRequests();
    const [first, second] = [newPeer(), newPeer()];
    requests.announced(first.connection, [item(1)]);
    requests.announced(second.connection, [item(1)]);
    requests.notFound(second.connection, [item(1)]);
    expect(second.asked).toEqual([]);
    requests.received(hash(1), hash(2), second.connection);
    requests.notFound(first.connection, [item(1)]);
    pass(100_000);
    expect(second.asked).toEqual([]);
  });

  it('counts against the limit when it is asked for again', () => {
    const { requests, pass } = newRequests(1);
    const [first, second] = [newPeer(), newPeer()];
    requests.announced(first.connection, [item(1)]);
    requests.notFound(first.connection, [item(1)]);
    requests.announced(second.connection, [item(1)]);
    expect(second.asked).toEqual([]);
    pass(1_000);
    expect(second.asked).toEqual([hash(1)]);
  });
});
