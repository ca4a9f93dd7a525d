import { setImmediate } from 'node:timers/promises';
import { Connections } from '../../../src/p2p/connections';
import type { DisconnectReason } from '../../../src/p2p/p2p-events';
import { AddressManager } from '../../../src/p2p/join/address-manager';
import { DialPace } from '../../../src/p2p/join/dial-pace';
import { parseIp } from '../../../src/p2p/join/ip';
import { keyOf, type KnownAddress } from '../../../src/p2p/join/known-address';
import { Outbound, type OutboundPeer } from '../../../src/p2p/join/outbound';
import { Rotation } from '../../../src/p2p/join/rotation';
import type { TransportMode } from '../../../src/p2p/transport/choice';
import type { TransportName } from '../../../src/p2p/transport/transport';

const NOW = 1_800_000_000;

let lastId = 0;

/** A connection that the test controls. */
class FakeDial implements OutboundPeer {
  readonly claims = null;
  readonly outbound = true;
  readonly port = 8333;
  readonly id: number;
  readonly openedAt: number;
  readonly transport: TransportName;
  established = false;

  constructor(
    readonly host: string,
    private readonly bench: Bench,
    dialBy: TransportName = 'v1',
  ) {
    this.transport = dialBy;
    this.openedAt = bench.ms;
    this.id = ++lastId;
  }

  close(reason: DisconnectReason): void {
    void this.end(reason);
  }

  async end(reason: DisconnectReason = 'closed-by-peer'): Promise<void> {
    this.bench.remove(this);
    queueMicrotask(() => this.bench.outbound.ended(this, reason));
    await setImmediate();
  }
}

/** The number of the second byte of an address is that of its autonomous system, in tens. */
const asnOf = ({ address }: { readonly address: Buffer }): number => Math.floor((address[1] ?? 0) / 10);

/** Searches peers on mainnet, with its own clock and without a socket. */
class Bench {
  ms = 0;
  readonly dialled: string[] = [];
  readonly connections: OutboundPeer[] = [];
  private readonly registry: Connections<OutboundPeer>;
  readonly banned = new Set<string>();
  readonly addrman: AddressManager;
  readonly outbound: Outbound;

  constructor(
    peers = 8,
    mode: TransportMode = 'auto',
    {
      rotateMs,
      hasMap = false,
      clock: { processorMs } = { processorMs: () => 0 },
    }: {
      readonly rotateMs?: number;
      readonly hasMap?: boolean;
      readonly clock?: { readonly processorMs: () => number };
    } = {},
  ) {
    const monotonicMs = (): number => this.ms;
    this.registry = new Connections('mainnet', hasMap ? asnOf : undefined);
    const book = { network: 'mainnet', secret: Buffer.alloc(32), unixTime: () => NOW } as const;
    this.addrman = new AddressManager({ ...book, peers });
    this.outbound = new Outbound({
      mode,
      pace: new DialPace(peers, { monotonicMs, processorMs }),
      rotation: rotateMs === undefined ? null : new Rotation(rotateMs, peers, monotonicMs),
      ...{ addrman: this.addrman, network: 'mainnet', peers, connections: this.registry },
      isBanned: (host) => this.banned.has(host),
      open: (host, _, dialBy) => {
        this.dialled.push(host);
        const dial = new FakeDial(host, this, dialBy);
        this.add(dial);
        return dial;
      },
      monotonicMs: () => this.ms,
      changed: () => undefined,
    });
  }

  add(connection: OutboundPeer): void {
    this.connections.push(connection);
    this.registry.add(connection);
  }

  remove(connection: OutboundPeer): void {
    this.connections.splice(this.connections.indexOf(connection), 1);
    this.registry.delete(connection);
  }

  tell(host: string, services = 9n): KnownAddress | undefined {
    const raw = parseIp(host);
    if (raw === null) throw new Error(`${host} is no IP`);
    this.addrman.add({ ...raw, port: 8333, services, time: NOW - 10_000 }, `by ${host}`);
    return this.addrman.get(keyOf({ ...raw, port: 8333 }));
  }

  tick(times = 1): void {
    for (let i = 0; i < times; i++) this.outbound.tick();
  }

  /** Ticks for this long, as often as a crowd is dialled. */
  async run(ms: number): Promise<void> {
    for (const until = this.ms + ms; this.ms < until; this.ms += 50) {
      this.outbound.tick();
      await setImmediate();
    }
  }

  /** Completes the handshakes of all dials. */
  async greet(): Promise<void> {
    for (const connection of [...this.connections] as FakeDial[]) {
      if (connection.established) continue;
      connection.established = true;
      this.registry.greeted(connection);
      this.outbound.worked(connection);
    }
    await setImmediate();
  }

  dial(index: number): FakeDial {
    return this.connections[index] as FakeDial;
  }
}

describe('peers that are dialled', () => {
  it('are of different netgroups, also from those that the user named', () => {
    const bench = new Bench();
    bench.add(new FakeDial('44.1.9.9', bench));
    for (let group = 1; group <= 3; group++) for (let i = 1; i < 20; i++) bench.tell(`44.${group}.${i}.1`);
    bench.tick(20);
    expect(bench.dialled.map((host) => host.split('.')[1]).sort()).toEqual(['2', '3']);
  });

  it('are dialled one at a time, up to the wanted number', () => {
    const bench = new Bench(3);
    for (let i = 1; i < 20; i++) bench.tell(`44.${i}.1.1`);
    bench.tick();
    expect(bench.dialled).toHaveLength(1);
    bench.tick(10);
    expect(bench.dialled).toHaveLength(3);
  });

  it('serve blocks with witnesses; others are dialled only if there are none', () => {
    const bench = new Bench();
    bench.tell('44.1.1.1', 1n);
    bench.tell('44.2.1.1', (1n << 10n) | 8n);
    bench.tell('44.3.1.1', 8n);
    bench.tick();
    expect(bench.dialled).toEqual(['44.2.1.1']);
    bench.tick(5);
    expect(bench.dialled).toHaveLength(3);
  });

  it('are not banned, and have not dialled us', () => {
    const bench = new Bench();
    bench.tell('44.1.1.1');
    bench.tell('44.2.1.1');
    bench.banned.add('44.1.1.1');
    bench.add(Object.assign(new FakeDial('44.2.1.1', bench), { outbound: false }));
    bench.tick(5);
    expect(bench.dialled).toEqual([]);
  });
});

describe('an address that failed', () => {
  it('is dialled again after growing waits of at most ten minutes', async () => {
    const bench = new Bench();
    bench.tell('44.1.1.1');
    for (const longest of [5, 10, 20, 40, 80, 160, 320, 600, 600]) {
      bench.tick();
      await bench.dial(0).end();
      bench.ms += longest * 500 - 1;
      bench.tick(3);
      expect(bench.connections).toEqual([]);
      bench.ms += longest * 500 + 1;
    }
    expect(bench.dialled).toHaveLength(9);
  });

  it('is dialled again soon if it was a peer for long', async () => {
    const bench = new Bench();
    bench.tell('44.1.1.1');
    for (let i = 0; i < 4; i++) {
      bench.tick();
      await bench.dial(0).end();
      bench.ms += 600_000;
    }
    bench.tick();
    bench.dial(0).established = true;
    bench.ms += 300_001;
    await bench.dial(0).end();
    bench.ms += 5_000;
    bench.tick();
    expect(bench.connections).toHaveLength(1);
  });

  it('counts as failed only while other peers are connected', async () => {
    const bench = new Bench();
    const known = bench.tell('44.1.1.1');
    bench.tick();
    await bench.dial(0).end();
    expect(known?.attempts).toBe(0);
    for (const host of ['45.1.1.1', '46.1.1.1'])
      bench.add(Object.assign(new FakeDial(host, bench), { established: true }));
    bench.ms += 600_000;
    bench.tick();
    await bench.dial(2).end();
    expect(known?.attempts).toBe(1);
  });

  it('is forgotten if it is our own, and not dialled when announced again', async () => {
    const bench = new Bench();
    bench.tell('44.1.1.1');
    bench.tick();
    await bench.dial(0).end('self-connection');
    expect(bench.addrman.size).toBe(0);
    bench.tell('44.1.1.1');
    bench.ms += 600_000;
    bench.tick();
    expect(bench.dialled).toHaveLength(1);
  });

  it('does not count as failed when we stop', async () => {
    const bench = new Bench(1);
    const known = bench.tell('44.1.1.1');
    bench.tick();
    await bench.dial(0).end('stopped');
    expect(known).toMatchObject({ attempts: 0, lastTry: 0 });
  });
});

describe('the transport of a dial', () => {
  const P2P_V2 = 1n << 11n;

  it.each([
    ['auto', 9n, undefined, 'v1'],
    ['auto', 9n | P2P_V2, undefined, 'v2'],
    ['auto', 9n, 'v2', 'v2'],
    ['auto', 9n | P2P_V2, 'v1', 'v2'],
    ['v1', 9n | P2P_V2, 'v2', 'v1'],
    ['v2', 9n, 'v1', 'v2'],
  ] as const)('in mode %s, with services %d and after %s, is %s', (mode, services, worked, expected) => {
    const bench = new Bench(8, mode);
    const known = bench.tell('44.1.1.1', services);
    if (known !== undefined) known.transport = worked;
    bench.tick();
    expect(bench.dial(0).transport).toBe(expected);
  });

  it('is the plain one at once, and no failure, where the encrypted one is not known', async () => {
    const bench = new Bench();
    const known = bench.tell('44.1.1.1', 9n | P2P_V2);
    bench.tick();
    await bench.dial(0).end('plain-transport');
    expect(bench.dial(0).transport).toBe('v1');
    expect(known?.attempts).toBe(0);
    bench.dial(0).established = true;
    bench.outbound.worked(bench.dial(0));
    expect(known?.transport).toBe('v1');
  });

  it('stays the encrypted one where no other is wanted', async () => {
    const bench = new Bench(8, 'v2');
    bench.tell('44.1.1.1');
    bench.tick();
    await bench.dial(0).end('plain-transport');
    expect(bench.dialled).toHaveLength(1);
  });
});

it('the address manager notes a handshake', () => {
  const bench = new Bench();
  const known = bench.tell('44.1.1.1');
  bench.tick();
  bench.outbound.worked(bench.dial(0));
  expect(known).toMatchObject({ lastSuccess: NOW, time: NOW, services: 0n });
});

describe('a crowd', () => {
  /** Tells of `count` addresses in each of `groups` netgroups. */
  const tellMany = (bench: Bench, first: number, groups: number, count: number): void => {
    for (let group = 0; group < groups; group++)
      for (let i = 0; i < count; i++)
        bench.tell(
          `${first + Math.floor(group / 250)}.${group % 250}.${Math.floor(i / 250)}.${1 + (i % 250)}`,
        );
  };

  it('has no more of one netgroup than a 256th, and still the wanted number', async () => {
    const bench = new Bench(1_024);
    tellMany(bench, 44, 1, 500);
    tellMany(bench, 60, 2_000, 1);
    for (let i = 0; i < 5; i++) {
      await bench.run(5_000);
      await bench.greet();
    }
    expect(bench.connections).toHaveLength(1_024);
    expect(bench.connections.filter(({ host }) => host.startsWith('44.')).length).toBeLessThanOrEqual(4);
  });

  it('has no more of one autonomous system than a twentieth, where there is a map', async () => {
    const bench = new Bench(200, 'auto', { hasMap: true });
    // 250 netgroups, ten in each system.
    tellMany(bench, 44, 250, 8);
    await bench.run(20_000);
    const systems = bench.connections.map(({ host }) => Math.floor(Number(host.split('.')[1]) / 10));
    expect(systems).toHaveLength(200);
    const counts = systems.map((system) => systems.filter((other) => other === system).length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(10);
  });

  it('is dialled faster as long as the loop keeps up, and slower where it does not', async () => {
    const used = { ms: 0 };
    const bench = new Bench(10_000, 'auto', { clock: { processorMs: () => used.ms } });
    tellMany(bench, 44, 4_000, 4);
    await bench.run(5_000);
    await bench.greet();
    const before = bench.dialled.length;
    await bench.run(1_000);
    await bench.greet();
    const fast = bench.dialled.length - before;
    expect(fast).toBeGreaterThan(150);
    // Each turn of the loop takes 100 ms of processor time.
    for (let i = 0; i < 20; i++) {
      bench.ms += 100;
      used.ms += 100;
      bench.outbound.tick();
    }
    await bench.greet();
    const late = bench.dialled.length;
    for (let i = 0; i < 20; i++) {
      bench.ms += 100;
      used.ms += 100;
      bench.outbound.tick();
    }
    expect(bench.dialled.length - late).toBeLessThan(fast / 10);
  });

  it('is dialled on where other programs took the processor', async () => {
    const bench = new Bench(10_000);
    tellMany(bench, 44, 4_000, 4);
    await bench.run(5_000);
    await bench.greet();
    const before = bench.dialled.length;
    for (let i = 0; i < 10; i++) {
      bench.ms += 100;
      bench.outbound.tick();
    }
    expect(bench.dialled.length - before).toBeGreaterThan(75);
  });

  it('has at most 512 dials without a handshake', async () => {
    const bench = new Bench(10_000);
    tellMany(bench, 44, 1_000, 2);
    await bench.run(20_000);
    expect(bench.connections).toHaveLength(512);
  });
});

describe('sessions that rotate', () => {
  const HOUR = 3_600_000;

  async function joined(peers: number, known: number): Promise<Bench> {
    const bench = new Bench(peers, 'auto', { rotateMs: 6 * HOUR });
    for (let i = 0; i < known; i++) bench.tell(`${44 + Math.floor(i / 250)}.${i % 250}.1.1`);
    for (let i = 0; i < 200 && bench.connections.length < peers; i++) {
      bench.tick();
      bench.ms += 500;
      await bench.greet();
    }
    expect(bench.connections).toHaveLength(peers);
    return bench;
  }

  const pass = async (bench: Bench, ms: number): Promise<void> => {
    for (const until = bench.ms + ms; bench.ms < until; bench.ms += 60_000) {
      bench.tick();
      await bench.greet();
      expect(bench.connections).toHaveLength(8);
    }
  };

  it('are let go in turn, one after each part of the time, once another peer is there', async () => {
    const bench = await joined(8, 200);
    const first = bench.connections.map(({ host }) => host);
    await pass(bench, 6 * HOUR + 120_000);
    const later = bench.connections.map(({ host }) => host);
    expect(bench.dialled).toHaveLength(16);
    expect(later.filter((host) => first.includes(host))).toEqual([]);
    await pass(bench, 18 * HOUR);
    expect(bench.dialled.length).toBeGreaterThanOrEqual(8 + 4 * 8 - 2);
    expect(bench.dialled.length).toBeLessThanOrEqual(8 + 4 * 8);
  });

  it('are kept where there is nobody else', async () => {
    const bench = await joined(8, 8);
    await pass(bench, 24 * HOUR);
    expect(bench.dialled).toHaveLength(8);
  });

  it('make room where the shares of networks keep all others out', async () => {
    // Two netgroups: only two of the three peers that are wanted can be there.
    const bench = new Bench(3, 'auto', { rotateMs: HOUR });
    for (const host of ['44.1.1.1', '44.1.2.1', '44.2.1.1', '44.2.2.1']) bench.tell(host);
    for (let i = 0; i < 3 * 60; i++) {
      bench.tick();
      await bench.greet();
      bench.ms += 60_000;
    }
    expect(new Set(bench.dialled).size).toBe(4);
  });
});
