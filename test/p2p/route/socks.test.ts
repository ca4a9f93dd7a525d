import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { SystemClock } from '../../../src/lib/clock';
import { EventBus } from '../../../src/lib/event-bus';
import type { P2PEvents } from '../../../src/p2p/p2p-events';
import { Pool } from '../../../src/p2p/pool';
import { makeRoutes } from '../../../src/app/routes';
import { formatHost } from '../../../src/p2p/join/host';
import type { JoinParts } from '../../../src/p2p/join/join';
import { prepareJoin } from '../../../src/p2p/join/prepare-join';
import { Diversity } from '../../../src/p2p/join/diversity';
import { Outbound, type OutboundPeer } from '../../../src/p2p/join/outbound';
import { Routes } from '../../../src/p2p/route/routes';
import { type SocksProxy as ProxySettings, socksProblem, socksRoute } from '../../../src/p2p/route/socks';
import { encodeAddrV2 } from '../../../src/wire/messages/addrv2';
import type { NetworkAddress } from '../../../src/wire/messages/network-address';
import { Cleanup } from '../../support/cleanup';
import { NO_COMPACT } from '../../support/compact';
import { FakePeer, versionPayload } from '../../support/fake-peer';
import { freePort } from '../../support/free-port';
import { type ProxyBehaviour, SocksProxy } from '../../support/socks-proxy';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const onionOf = (fill: number): string =>
  formatHost({ network: 'torv3', address: Buffer.alloc(32, fill) }) ?? '';

async function startProxy(behaviour: ProxyBehaviour, port = 0): Promise<SocksProxy> {
  return cleanup.add(await SocksProxy.start(behaviour, port), (it) => it.stop());
}

const settingsOf = (port: number, login: ProxySettings['login'] = null): ProxySettings => ({
  endpoint: { host: '127.0.0.1', port },
  login,
  shown: `--proxy 127.0.0.1:${port}`,
});

/** Dials hosts by a proxy, and tells what came of it. */
function dial(connect: readonly { host: string; port: number }[], proxy: ProxySettings) {
  const bus = new EventBus<P2PEvents>();
  const handshakes: string[] = [];
  const complaints: string[] = [];
  const warnings: string[] = [];
  bus.on('handshake', ({ peer }) => handshakes.push(peer.address));
  const routes = makeRoutes({ proxy }, (message) => warnings.push(message));
  const pool = new Pool(
    { network: 'regtest', connect, userAgent: '/test/', wtxidRelay: true, txPerSecond: 1_000, routes },
    {
      ...{ bus, clock: new SystemClock(), ...NO_COMPACT },
      lookup: (host) => Promise.reject(new Error(`the system was asked for ${host}`)),
      reportUnreachable: (peer, reason) => complaints.push(`${peer} ${reason}`),
      fault: (error) => complaints.push(String(error)),
    },
  );
  cleanup.add(pool, (it) => it.stop());
  pool.start();
  return { handshakes, complaints, warnings, bus };
}

it('dials names, onion and IP addresses by the proxy, each with a login of its own', async () => {
  const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const proxy = await startProxy({ lead: () => peer.port });
  const hosts = ['node.example', onionOf(1), '1.2.3.4', '2a01::1'];
  const { handshakes } = dial(
    hosts.map((host) => ({ host, port: 18_444 })),
    settingsOf(proxy.port),
  );
  await until('the handshakes', () => handshakes.length === 4);
  const text = (host: string): string => (host.includes(':') ? `[${host}]:18444` : `${host}:18444`);
  expect(handshakes.sort()).toEqual(hosts.map(text).sort());
  expect(proxy.asked.map(({ target }) => target).sort()).toEqual(hosts.map((host) => `${host}:18444`).sort());
  const users = proxy.asked.map(({ user }) => user);
  expect(new Set(users).size).toBe(4);
  for (const user of users) expect(user).toMatch(/^[0-9a-f]{32}$/);
});

it('tells a peer with a name no address of it', async () => {
  const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const proxy = await startProxy({ lead: () => peer.port });
  const { handshakes } = dial([{ host: onionOf(2), port: 18_444 }], settingsOf(proxy.port));
  await until('the handshake', () => handshakes.length === 1);
  const version = peer.connections[0]?.got.find(({ command }) => command === 'version')?.payload;
  // Version 4, services 8, time 8, services of the receiver 8, its address 16, its port 2.
  expect(version?.toString('hex', 28, 46)).toBe(`${'00'.repeat(10)}ffff000000000000`);
});

it('dials addresses of this machine directly, as Core', async () => {
  const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const proxy = await startProxy({});
  const { handshakes } = dial([{ host: '127.0.0.1', port: peer.port }], settingsOf(proxy.port));
  await until('the handshake', () => handshakes.length === 1);
  expect(proxy.asked).toEqual([]);
});

it('gives its user and password to a proxy that wants them', async () => {
  const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const login = { user: 'me', password: 'right' };
  const proxy = await startProxy({ lead: () => peer.port, login });
  const { handshakes } = dial([{ host: 'node.example', port: 18_444 }], settingsOf(proxy.port, login));
  await until('the handshake', () => handshakes.length === 1);
  expect(proxy.asked).toEqual([{ target: 'node.example:18444', user: 'me' }]);
});

it('is served by a proxy that wants no login', async () => {
  const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const proxy = await startProxy({ lead: () => peer.port, isOpen: true });
  const { handshakes } = dial([{ host: 'node.example', port: 18_444 }], settingsOf(proxy.port));
  await until('the handshake', () => handshakes.length === 1);
  expect(proxy.asked).toEqual([{ target: 'node.example:18444', user: null }]);
});

const answering =
  (bytes: string): NonNullable<ProxyBehaviour['instead']> =>
  (socket) =>
    socket.once('data', () => socket.write(Buffer.from(bytes, 'latin1')));

describe('a proxy that fails is named in one line, and the address is not blamed', () => {
  it.each<[string, ProxyBehaviour | null, ProxySettings['login'], RegExp]>([
    ['is down', null, null, /nobody listens there, so the proxy does not run/],
    [
      'speaks HTTP',
      { instead: answering('HTTP/1.1 400 Bad Request\r\n\r\n') },
      null,
      /does not speak SOCKS5/,
    ],
    ['hangs up', { instead: (socket) => socket.end() }, null, /ends the connection without an answer/],
    [
      'takes no method',
      { instead: answering('\x05\xff') },
      null,
      /wants a user and a password; give socks5:/,
    ],
    ['takes another method', { instead: answering('\x05\x01') }, null, /wants another login than a user/],
    [
      'wants a password',
      { login: { user: 'alice', password: 'wonder' } },
      null,
      /wants a user and a password; give/,
    ],
    [
      'refuses the password',
      { login: { user: 'alice', password: 'wonder' } },
      { user: 'alice', password: 'guess' },
      /refuses the password of user alice/,
    ],
    ['forbids it', { lead: () => 'not-allowed' }, null, /does not allow this program to connect to peers/],
  ])('it %s', async (_, behaviour, login, line) => {
    const port = behaviour === null ? await freePort() : (await startProxy(behaviour)).port;
    const { complaints, warnings } = dial([{ host: 'node.example', port: 18_444 }], settingsOf(port, login));
    await until('a complaint', () => complaints.length > 0 && warnings.length > 0);
    expect(complaints).toEqual(['node.example:18444 route-failed']);
    expect(warnings).toEqual([expect.stringMatching(line)]);
    expect(warnings[0]).toMatch(
      new RegExp(`^--proxy 127.0.0.1:${port}: [^\\n]*; no peer can be dialled through it$`),
    );
    expect(warnings[0]).not.toMatch(/wonder|guess/);
  });
});

describe('an address that a proxy can’t reach is blamed itself', () => {
  it.each([
    ['refused', 'connection-refused'],
    ['host-unreachable', 'socket-error'],
    ['failed', 'socket-error'],
    ['expired', 'socket-error'],
    ['unknown-address', 'socket-error'],
  ] as const)('%s: %s', async (reply, reason) => {
    const proxy = await startProxy({ lead: () => reply });
    const { complaints, warnings } = dial([{ host: 'node.example', port: 18_444 }], settingsOf(proxy.port));
    await until('a complaint', () => complaints.length === 1);
    expect(complaints).toEqual([`node.example:18444 ${reason}`]);
    expect(warnings).toEqual([]);
  });

  it('where it answers by a code of Tor', async () => {
    const proxy = await startProxy({
      instead: (socket) => {
        socket.once('data', () => {
          socket.write(Buffer.of(5, 0));
          socket.once('data', () => socket.end(Buffer.from([5, 0xf0, 0, 1, 0, 0, 0, 0, 0, 0])));
        });
      },
    });
    const { complaints, warnings } = dial([{ host: 'node.example', port: 18_444 }], settingsOf(proxy.port));
    await until('a complaint', () => complaints.length === 1);
    expect([complaints, warnings]).toEqual([['node.example:18444 socket-error'], []]);
  });
});

it.each([
  ['Socks5 proxy rejected connection - ConnectionRefused', 'ECONNREFUSED'],
  ['Socks5 proxy rejected connection - undefined', 'EHOSTUNREACH'],
  ['Socks5 proxy rejected connection - CommandNotSupported', 'EROUTE'],
  ['Received invalid Socks5 initial handshake (invalid socks version)', 'EROUTE'],
  ['what a later version of the package may say', 'EROUTE'],
])('the package says “%s”, which is %s', (message, code) =>
  expect(socksProblem(message, { login: null })).toMatchObject({ code }),
);

it('passes on what the peer sent together with the answer of the proxy', async () => {
  const early = randomBytes(1_000);
  const proxy = await startProxy({
    instead: (socket) => {
      socket.once('data', () => {
        socket.write(Buffer.of(5, 0));
        socket.once('data', () =>
          socket.write(Buffer.concat([Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 1]), early])),
        );
      });
    },
  });
  const stream = socksRoute(settingsOf(proxy.port), () => undefined).open('node.example', 1);
  cleanup.add(stream, (it) => it.destroy());
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await until('the bytes', () => Buffer.concat(chunks).length === early.length);
  expect(Buffer.concat(chunks)).toEqual(early);
});

it('gives up a connection that is destroyed while the proxy is silent', async () => {
  let ended = 0;
  const proxy = await startProxy({ instead: (socket) => socket.resume().on('close', () => ended++) });
  const warnings: string[] = [];
  const stream = socksRoute(settingsOf(proxy.port), (message) => warnings.push(message)).open('a.example', 1);
  await until('the connection', () => proxy.connections === 1);
  stream.destroy();
  await once(stream, 'close');
  await until('its end', () => ended === 1);
  expect(warnings).toEqual([]);
});

describe('with --join', () => {
  const told = (port: number, fills: readonly number[]): readonly NetworkAddress[] =>
    fills.map((fill) => ({
      ...{ network: 'torv3', address: Buffer.alloc(32, fill), port, services: 9n },
      time: Math.floor(Date.now() / 1_000) - 3 * 3_600,
    }));

  it('seeds are asked by connections through the proxy, and onion addresses of peers are dialled', async () => {
    const answer = encodeAddrV2(told(8333, [0x11, 0x22, 0x33]));
    const onMessage: Parameters<typeof FakePeer.start>[0] = {
      network: 'mainnet',
      onMessage: (connection, { command }) => {
        if (command === 'version') connection.send('version', versionPayload());
        if (command === 'verack') connection.send('verack');
        if (command === 'getaddr') connection.send('addrv2', answer);
      },
    };
    const peer = cleanup.add(await FakePeer.start(onMessage), (it) => it.stop());
    const proxy = await startProxy({ lead: () => peer.port });
    const routes = makeRoutes({ proxy: settingsOf(proxy.port) }, () => undefined);
    const lines: string[] = [];
    const log = (message: string, details: object): void =>
      void lines.push(`${message} ${JSON.stringify(details)}`);
    const join = await prepareJoin(
      { peers: 3, maxInbound: 0, seeds: [{ host: 'seed.example', filters: true }] },
      {
        network: 'mainnet',
        hasPeers: false,
        log: { info: log, warn: log },
        reaches: (to) => routes.reaches(to),
      },
    );
    const bus = new EventBus<P2PEvents>();
    const ended: string[] = [];
    bus.on('disconnected', ({ peer: { address }, reason }) => ended.push(`${address} ${reason}`));
    const handshakes: string[] = [];
    bus.on('handshake', ({ peer: { address } }) => handshakes.push(address));
    const pool = new Pool(
      {
        network: 'mainnet',
        connect: [],
        userAgent: '/test/',
        wtxidRelay: true,
        txPerSecond: 9,
        join,
        routes,
      },
      {
        ...{ bus, clock: new SystemClock(), ...NO_COMPACT, reportUnreachable: () => undefined },
        lookup: (host) => Promise.reject(new Error(`the system was asked for ${host}`)),
        fault: (error) => {
          throw error;
        },
      },
    );
    cleanup.add(pool, (it) => it.stop());
    pool.start();
    const onions = [0x11, 0x22, 0x33].map((fill) => `${onionOf(fill)}:8333`);
    await until('the peers', () => handshakes.length === 4);
    expect(handshakes[0]).toBe('seed.example:8333');
    expect(handshakes.slice(1).sort()).toEqual(onions.sort());
    expect(ended).toEqual(['seed.example:8333 stopped']);
    expect(lines).toEqual(['addresses from a DNS seed {"seed":"seed.example","addresses":3,"known":3}']);
    expect(proxy.asked.map(({ target }) => target).sort()).toEqual(['seed.example:8333', ...onions].sort());
  });

  it('without IPv4 and IPv6 no seed is asked, and what is left must be something', async () => {
    const routes = makeRoutes({ onion: settingsOf(1), only: ['onion'] }, () => undefined);
    const lines: string[] = [];
    const prepare = (hasPeers: boolean): Promise<JoinParts> =>
      prepareJoin(
        { peers: 3, maxInbound: 0 },
        {
          ...{ network: 'mainnet', hasPeers, reaches: (to) => routes.reaches(to) },
          log: { info: (line) => lines.push(line), warn: (line) => lines.push(line) },
        },
      );
    await expect(prepare(false)).rejects.toThrow('--only-net: leaves nothing to dial');
    expect((await prepare(true)).seeds).toEqual([]);
    expect(lines).toEqual(Array(2).fill(expect.stringMatching(/^no DNS seeds are asked: they name/)));
  });

  it('a failing proxy counts against no address', async () => {
    const join = await prepareJoin(
      { peers: 1, maxInbound: 0, seeds: [] },
      { network: 'mainnet', hasPeers: true, log: { info: () => undefined, warn: () => undefined } },
    );
    const [address] = told(8333, [0x44]);
    if (address === undefined) throw new Error('there is one');
    join.addrman.add(address, 'source');
    const dials: OutboundPeer[] = [];
    const failing = new Outbound({
      ...{ addrman: join.addrman, network: 'mainnet', peers: 1, mode: 'v1', isBanned: () => false },
      reaches: (to) => new Routes({ onion: socksRoute(settingsOf(1), () => undefined) }).reaches(to),
      open: (host, port) => {
        const dial: OutboundPeer = {
          ...{ host, port, id: 1, outbound: true, established: false, claims: null, openedAt: 0 },
          ...{ transport: undefined, close: () => undefined },
        };
        dials.push(dial);
        return dial;
      },
      connections: { inboundFrom: () => 0, greetedCount: 0, diversity: new Diversity('mainnet') },
      pace: { tick: (_wanted, _unfinished, dial) => void dial() },
      rotation: null,
      monotonicMs: () => 0,
      changed: () => undefined,
    });
    failing.tick();
    for (const dial of dials) failing.ended(dial, 'route-failed');
    const [known] = join.addrman.addresses();
    expect(known?.attempts).toBe(0);
    expect(known?.lastTry).toBeGreaterThan(0);
  });
});
