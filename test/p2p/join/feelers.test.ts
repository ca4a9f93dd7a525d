import { setImmediate } from 'node:timers/promises';
import { AddressManager } from '../../../src/p2p/join/address-manager';
import { type FeelerPeer, Feelers } from '../../../src/p2p/join/feelers';
import { parseIp } from '../../../src/p2p/join/ip';
import { keyOf, type KnownAddress, seedGroup } from '../../../src/p2p/join/known-address';
import type { DisconnectReason } from '../../../src/p2p/p2p-events';
import type { TransportName } from '../../../src/p2p/transport/transport';

const NOW = 1_800_000_000;

/** A random number after which the next feeler comes after the mean time. */
const MEAN = 1 - Math.exp(-1);

class FakeFeeler implements FeelerPeer {
  readonly claims = null;
  readonly closed: Promise<DisconnectReason>;
  established = false;
  private settle: (reason: DisconnectReason) => void = () => undefined;

  constructor(
    readonly host: string,
    readonly transport: TransportName,
  ) {
    this.closed = new Promise((resolve) => (this.settle = resolve));
  }

  close(reason: DisconnectReason): void {
    this.settle(reason);
  }

  async end(reason: DisconnectReason, established = false): Promise<void> {
    this.established = established;
    this.settle(reason);
    await setImmediate();
  }
}

/** Feelers with a clock and random numbers of the test, and without a socket: one in 60 s. */
class Bench {
  ms = 0;
  random = MEAN;
  isOnline = true;
  readonly dials: FakeFeeler[] = [];
  readonly tried: boolean[] = [];
  readonly ours: string[] = [];
  readonly banned = new Set<string>();
  readonly addrman = new AddressManager({
    ...{ network: 'mainnet', secret: Buffer.alloc(32), unixTime: () => NOW },
  });
  readonly feelers: Feelers = new Feelers({
    ...{ addrman: this.addrman, anHour: 60, mode: 'auto' },
    open: (host, _, dialBy) => {
      const dial = new FakeFeeler(host, dialBy);
      this.dials.push(dial);
      return dial;
    },
    mayDial: ({ key }) => !this.banned.has(key),
    isOnline: () => this.isOnline,
    foundSelf: ({ key }) => void this.ours.push(key),
    tried: (isReachable) => void this.tried.push(isReachable),
    monotonicMs: () => this.ms,
    random: () => this.random,
  });

  know(host: string, source = 'ipv4:0102', services = 9n): KnownAddress {
    const raw = parseIp(host);
    if (raw === null) throw new Error(`${host} is no IP`);
    this.addrman.add({ ...raw, port: 8333, services, time: NOW - 10_000 }, source);
    const known = this.addrman.get(keyOf({ ...raw, port: 8333 }));
    if (known === undefined) throw new Error(`${host} is not known`);
    return known;
  }

  /** Lets so many seconds pass. */
  pass(seconds: number): void {
    for (const until = this.ms + seconds * 1_000; this.ms < until;) {
      this.ms += 500;
      this.feelers.tick();
    }
  }

  get hosts(): string[] {
    return this.dials.map(({ host }) => host);
  }
}

describe('feelers', () => {
  it('try told addresses at the given rate, each once', async () => {
    const bench = new Bench();
    for (let i = 1; i <= 3; i++) bench.know(`44.${i}.1.1`);
    bench.pass(59);
    expect(bench.hosts).toEqual([]);
    bench.pass(1);
    expect(bench.dials).toHaveLength(1);
    await bench.dials[0]?.end('feeler', true);
    bench.pass(60);
    await bench.dials[1]?.end('connection-refused');
    bench.pass(60);
    await bench.dials[2]?.end('handshake-timeout');
    bench.pass(600);
    expect(bench.hosts.sort()).toEqual(['44.1.1.1', '44.2.1.1', '44.3.1.1']);
    expect(bench.tried).toEqual([true, false, false]);
  });

  it('come at random moments', () => {
    const bench = new Bench();
    for (let i = 1; i <= 9; i++) bench.know(`44.${i}.1.1`);
    bench.pass(60);
    // Half of the pauses are shorter than 0.69 times the mean.
    bench.random = 0.5;
    bench.pass(60);
    expect(bench.dials).toHaveLength(2);
    bench.pass(41.5);
    expect(bench.dials).toHaveLength(2);
    bench.pass(0.5);
    expect(bench.dials).toHaveLength(3);
  });

  it('note in the address book what was found', async () => {
    const bench = new Bench();
    const known = bench.know('44.1.1.1');
    bench.pass(60);
    await bench.dials[0]?.end('feeler', true);
    expect(known).toMatchObject({ lastSuccess: NOW, lastTry: NOW, attempts: 0, transport: 'v1' });
    const dead = bench.know('44.2.1.1');
    bench.pass(60);
    await bench.dials[1]?.end('connect-timeout');
    expect(dead).toMatchObject({ lastSuccess: 0, lastTry: NOW, attempts: 1 });
  });

  it('leave out addresses of seeds, those that were dialled, and those that may not be', () => {
    const bench = new Bench();
    bench.know('44.1.1.1', seedGroup('seed.example'));
    bench.addrman.failed(bench.know('44.2.1.1'), true);
    bench.addrman.worked(bench.know('44.3.1.1'), 9n);
    bench.banned.add(bench.know('44.4.1.1').key);
    bench.pass(600);
    expect(bench.hosts).toEqual([]);
  });

  it('wait while the network may be down, and blame no address for it', async () => {
    const bench = new Bench();
    const known = bench.know('44.1.1.1');
    bench.isOnline = false;
    bench.pass(600);
    expect(bench.hosts).toEqual([]);
    bench.isOnline = true;
    bench.pass(60);
    bench.isOnline = false;
    await bench.dials[0]?.end('connect-timeout');
    expect([bench.tried, known.lastTry]).toEqual([[], 0]);
  });

  it.each(['route-failed', 'stopped'] as const)('do not count an end by %s', async (reason) => {
    const bench = new Bench();
    bench.know('44.1.1.1');
    bench.pass(60);
    await bench.dials[0]?.end(reason);
    expect(bench.tried).toEqual([]);
  });

  it('find an address that is our own', async () => {
    const bench = new Bench();
    const { key } = bench.know('44.1.1.1');
    bench.pass(60);
    await bench.dials[0]?.end('self-connection');
    expect([bench.tried, bench.ours]).toEqual([[], [key]]);
  });

  it('try once more by the plain transport where the encrypted one is not known', async () => {
    const bench = new Bench();
    // NODE_P2P_V2.
    bench.know('44.1.1.1', undefined, 9n | 2_048n);
    bench.pass(60);
    await bench.dials[0]?.end('plain-transport');
    expect(bench.dials.map(({ host, transport }) => `${host} ${transport}`)).toEqual([
      '44.1.1.1 v2',
      '44.1.1.1 v1',
    ]);
    expect(bench.tried).toEqual([]);
    await bench.dials[1]?.end('feeler', true);
    expect(bench.tried).toEqual([true]);
  });

  it('are 16 at a time at most', () => {
    const bench = new Bench();
    for (let i = 1; i <= 40; i++) bench.know(`44.${i}.1.1`, `ipv4:${i}`);
    bench.pass(40 * 60);
    expect(new Set(bench.hosts).size).toBe(bench.dials.length);
    expect(bench.dials).toHaveLength(16);
  });
});
