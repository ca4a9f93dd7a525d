import { setImmediate } from 'node:timers/promises';
import { Connections } from '../../../src/p2p/connections';
import type { DisconnectReason } from '../../../src/p2p/p2p-events';
import { AddressManager } from '../../../src/p2p/join/address-manager';
import { parseIp } from '../../../src/p2p/join/ip';
import { keyOf, type KnownAddress } from '../../../src/p2p/join/known-address';
import { Outbound, type OutboundPeer } from '../../../src/p2p/join/outbound';
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
  readonly closed: Promise<DisconnectReason>;
  established = false;
  private settle: (reason: DisconnectReason) => void = () => undefined;

  constructor(
    readonly host: string,
    private readonly bench: Bench,
    dialBy: TransportName = 'v1',
  ) {
    this.transport = dialBy;
    this.openedAt = bench.ms;
    this.id = ++lastId;
    this.closed = new Promise((resolve) => (this.settle = resolve));
  }

  async end(reason: DisconnectReason = 'closed-by-peer'): Promise<void> {
    this.bench.remove(this);
    this.settle(reason);
    await setImmediate();
  }
}

/** Searches peers on mainnet, with its own clock and without a socket. */
class Bench {
  ms = 0;
  readonly dialled: string[] = [];
  readonly connections: OutboundPeer[] = [];
  private readonly registry = new Connections<OutboundPeer>('mainnet');
  readonly banned = new Set<string>();
  readonly addrman = new AddressManager({
    network: 'mainnet',
    secret: Buffer.alloc(32),
    unixTime: () => NOW,
  });
  readonly outbound: Outbound;

  constructor(peers = 8, mode: TransportMode = 'auto') {
    this.outbound = new Outbound({
      mode,
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
