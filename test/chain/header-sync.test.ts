import { HeaderChain } from '../../src/chain/header-chain';
import { type HeaderPeer, HeaderSync, type HeadersOutcome } from '../../src/chain/header-sync';
import { type Header, parseHeader } from '../../src/wire/header';
import { hashOf, mineHeader, mineHeaders, NOW, REGTEST } from './mine';

const GENESIS = REGTEST.genesis;
const MAIN = mineHeaders(GENESIS, 4_500);

/** A peer with a chain. It answers as Core does, but only when the test tells it to. */
class ChainPeer implements HeaderPeer {
  readonly asked: (readonly Buffer[])[] = [];

  constructor(
    readonly headers: Buffer[],
    readonly preferred = true,
  ) {}

  getHeaders(locator: readonly Buffer[]): void {
    this.asked.push(locator);
  }

  /** Up to 2,000 headers after the first of the locator's hashes that it has. */
  answer(): Header[] {
    const locator = this.asked.shift() ?? [];
    const hashes = this.headers.map((header) => hashOf(header).toString('hex'));
    const found =
      locator.map((hash) => hashes.indexOf(hash.toString('hex'))).find((index) => index >= 0) ?? -1;
    return this.headers.slice(found + 1, found + 2_001).map((header) => parseHeader(header));
  }
}

function newSync() {
  const clock = { now: NOW };
  const chain = new HeaderChain(REGTEST, { unixTime: () => clock.now });
  const advances: (readonly [number, boolean])[] = [];
  const time = { ms: 0 };
  const sync = new HeaderSync({
    chain,
    clock: { monotonicMs: () => time.ms },
    advanced: (isSynced) => advances.push([chain.bestHeight, isSynced]),
  });
  const answer = (peer: ChainPeer): HeadersOutcome => sync.received(peer, peer.answer());
  const join = (headers: Buffer[], preferred?: boolean): ChainPeer => {
    const peer = new ChainPeer(headers, preferred);
    sync.connected(peer);
    return peer;
  };
  return { chain, sync, advances, clock, time, answer, join };
}

const asked = (...peers: readonly ChainPeer[]): number[] => peers.map((peer) => peer.asked.length);

describe('HeaderSync', () => {
  it('fetches everything from the first peer, then asks the others', () => {
    const { chain, sync, advances, answer, join } = newSync();
    const first = join(MAIN);
    const second = join(MAIN.slice(0, 4_000));
    expect(asked(first, second)).toEqual([1, 0]);
    expect(answer(first).added).toHaveLength(2_000);
    expect(answer(first).added).toHaveLength(2_000);
    expect(sync.isSynced).toBe(false);
    expect(answer(first).added).toHaveLength(500);
    expect(sync.isSynced).toBe(true);
    expect(chain.bestHeight).toBe(4_500);
    expect(advances).toEqual([
      [2_000, false],
      [4_000, false],
      [4_500, true],
    ]);
    expect(asked(first, second)).toEqual([0, 1]);
    expect(answer(second)).toEqual({ added: [] });
    expect(asked(first, second, join(MAIN))).toEqual([0, 0, 1]);
  });

  it('is done when a peer has nothing, and says so once', () => {
    const { sync, advances, answer, join } = newSync();
    answer(join([]));
    expect(sync.isSynced).toBe(true);
    answer(join([]));
    expect(advances).toEqual([[0, true]]);
  });

  it('turns to the next peer when one is silent or gone', () => {
    const { sync, answer, join, time } = newSync();
    const [first, second, third] = [join(MAIN), join(MAIN), join(MAIN)];
    time.ms = 30_000;
    sync.tick();
    expect(asked(first, second, third)).toEqual([1, 0, 0]);
    time.ms = 30_001;
    sync.tick();
    expect(asked(first, second, third)).toEqual([1, 1, 0]);
    sync.disconnected(second);
    expect(asked(first, second, third)).toEqual([1, 1, 1]);
    // A late answer counts too.
    expect(answer(first).added).toHaveLength(2_000);
    expect(answer(third).added).toHaveLength(0);
    expect(answer(third).added).toHaveLength(2_000);
  });

  it('asks a lonely silent peer again', () => {
    const { sync, join, time } = newSync();
    const peer = join(MAIN);
    time.ms = 30_001;
    sync.tick();
    expect(asked(peer)).toEqual([2]);
  });

  it('stops asking a peer whose header breaks a rule, and keeps the headers before it', () => {
    const { chain, answer, join, advances } = newSync();
    const bad = mineHeader({ on: MAIN[9] ?? GENESIS, bits: 0x207ffffe });
    const first = join([...MAIN.slice(0, 10), bad, ...mineHeaders(bad, 3)]);
    const second = join(MAIN.slice(0, 12));
    expect(answer(first)).toMatchObject({ rejection: 'bad-diffbits', added: { length: 10 } });
    expect(chain.bestHeight).toBe(10);
    expect(asked(first, second)).toEqual([0, 1]);
    answer(second);
    expect(advances).toEqual([
      [10, false],
      [12, true],
    ]);
    expect(asked(first)).toEqual([0]);
  });

  it('asks the peers that we dialled before inbound ones, which may be a crowd that answers nothing', () => {
    const { sync, answer, join, time } = newSync();
    const crowd = Array.from({ length: 100 }, () => join(MAIN, false));
    expect(asked(...crowd).filter((count) => count > 0)).toEqual([1]);
    const silent = join(MAIN);
    expect(asked(silent)).toEqual([1]);
    const honest = join(MAIN);
    expect(asked(honest)).toEqual([0]);
    time.ms = 30_001;
    sync.tick();
    expect(asked(honest)).toEqual([1]);
    expect(answer(honest).added).toHaveLength(2_000);
  });

  it('asks an inbound peer when the only peer that we dialled is silent', () => {
    const { sync, join, time } = newSync();
    const silent = join(MAIN);
    const guest = join(MAIN, false);
    time.ms = 30_001;
    sync.tick();
    expect(asked(silent, guest)).toEqual([1, 1]);
    time.ms = 60_002;
    sync.tick();
    expect(asked(silent, guest)).toEqual([2, 1]);
  });

  it('fills the gap below headers that a peer announces', () => {
    const { sync, chain, answer, join } = newSync();
    const peer = join(MAIN.slice(0, 100));
    answer(peer);
    peer.headers.push(...MAIN.slice(100, 110));
    expect(sync.received(peer, [parseHeader(MAIN[109] ?? GENESIS)])).toEqual({ added: [] });
    expect(asked(peer)).toEqual([1]);
    expect(answer(peer).added).toHaveLength(10);
    expect(chain.bestHeight).toBe(110);
  });

  it('does not ask forever for headers that never connect', () => {
    const { sync, answer, join } = newSync();
    const peer = join([]);
    answer(peer);
    const outcomes = Array.from({ length: 100 }, () =>
      sync.received(peer, [parseHeader(MAIN[50] ?? GENESIS)]),
    );
    expect(asked(peer)).toEqual([10]);
    // It is reported once: afterwards nothing is expected of that peer.
    expect(outcomes.map(({ gaveUp }) => gaveUp === true).indexOf(true)).toBe(10);
    expect(outcomes.filter(({ gaveUp }) => gaveUp === true)).toHaveLength(1);
  });

  it('goes on with a peer whose headers are ahead of our clock, and takes them when the clock is right', () => {
    const { chain, sync, answer, join, clock } = newSync();
    clock.now = NOW - 3 * 3_600;
    const first = mineHeader({ on: MAIN[9] ?? GENESIS, time: NOW });
    const late = [first, ...mineHeaders(first, 29)];
    const peer = join([...MAIN.slice(0, 10), ...late]);
    expect(answer(peer)).toMatchObject({ rejection: 'time-too-new' });
    expect([chain.bestHeight, sync.isSynced]).toEqual([10, true]);
    // New blocks do not connect meanwhile; each one causes one request.
    for (const header of late.slice(1)) {
      expect(sync.received(peer, [parseHeader(header)])).toEqual({ added: [] });
      expect(answer(peer)).toMatchObject({ rejection: 'time-too-new' });
    }
    clock.now = NOW + 6 * 3_600;
    sync.announced(peer);
    expect(answer(peer).added).toHaveLength(30);
  });

  it('follows a peer on a side branch', () => {
    const { chain, answer, join } = newSync();
    answer(join(MAIN.slice(0, 1_000)));
    const fork = [...MAIN.slice(0, 400), ...mineHeaders(MAIN[399] ?? GENESIS, 2_700, 5)];
    const peer = join(fork);
    while (peer.asked.length > 0) answer(peer);
    expect(chain.bestHeight).toBe(3_100);
  });

  it('asks a peer that announces an unknown block, once at a time', () => {
    const { sync, answer, join, time } = newSync();
    const [first, second] = [join(MAIN.slice(0, 5)), join(MAIN.slice(0, 5))];
    // Nodes that are syncing leave the request unanswered until they have a new block.
    sync.announced(first);
    sync.announced(second);
    expect(asked(first, second)).toEqual([1, 0]);
    time.ms = 2_001;
    sync.announced(first);
    expect(asked(first, second)).toEqual([2, 0]);
    answer(first);
    answer(second);
    sync.announced(second);
    sync.announced(second);
    expect(asked(first, second)).toEqual([1, 1]);
    sync.disconnected(second);
    sync.announced(second);
    expect(asked(second)).toEqual([1]);
  });
});
