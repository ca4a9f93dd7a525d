import { SystemClock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import type { Lookup } from '../../src/lib/lookup';
import type { Endpoint } from '../../src/p2p/endpoint';
import type { P2PEvents } from '../../src/p2p/p2p-events';
import { hostOf } from '../../src/p2p/join/ip';
import { Pool } from '../../src/p2p/pool';
import { Cleanup } from '../support/cleanup';
import { NO_COMPACT } from '../support/compact';
import { FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { linkLocal } from '../support/names';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Dials endpoints whose names resolve to the addresses that a test sets. */
function dial(connect: readonly Endpoint[], lookup: Lookup) {
  const bus = new EventBus<P2PEvents>();
  const handshakes: string[] = [];
  const complaints: string[] = [];
  bus.on('handshake', ({ peer }) => handshakes.push(peer.address));
  const pool = new Pool(
    { network: 'regtest', connect, userAgent: '/test/', wtxidRelay: true, txPerSecond: 1_000 },
    {
      ...{ bus, clock: new SystemClock(), lookup, ...NO_COMPACT },
      reportUnreachable: (peer, reason, attempts) => complaints.push(`${peer} ${reason} (${attempts})`),
      fault: (error) => complaints.push(String(error)),
    },
  );
  pool.start();
  cleanup.add(pool, (it) => it.stop());
  return { handshakes, complaints };
}

async function fake(host: string, port = 0): Promise<FakePeer> {
  return cleanup.add(await FakePeer.start({ host, port }), (it) => it.stop());
}

const both: Lookup = () => Promise.resolve(['::1', '127.0.0.1']);

it.each(['127.0.0.1', '::1'])('a name with two addresses is reached if only %s listens', async (host) => {
  const { port } = await fake(host);
  const { handshakes, complaints } = dial([{ host: 'two.test', port }], both);
  await until('a handshake', () => handshakes.length === 1);
  expect(handshakes[0]).toBe(host === '::1' ? `[::1]:${port}` : `127.0.0.1:${port}`);
  expect(complaints).toEqual([]);
});

it('counts one failure once all addresses have failed, and names each', async () => {
  const port = await freePort();
  const { complaints } = dial([{ host: 'two.test', port }], both);
  await until('a complaint', () => complaints.length === 1);
  expect(complaints).toEqual([`two.test:${port} ::1 connection-refused, 127.0.0.1 connection-refused (1)`]);
});

it('reports at most eight of many addresses', async () => {
  const port = await freePort();
  const many = Array.from({ length: 40 }, (_, i) => `127.0.0.${i + 1}`);
  const { complaints } = dial([{ host: 'many.test', port }], () => Promise.resolve(many));
  await until('a complaint', () => complaints.length === 1);
  expect(complaints[0]).toMatch(
    /^many.test:\d+ (127\.0\.0\.[1-8] connection-refused,? ){8}and 32 more \(1\)$/,
  );
});

it('looks a name up at each redial, even one without addresses', async () => {
  const { port } = await fake('127.0.0.1');
  const answers = [[], ['127.0.0.1']];
  const { handshakes, complaints } = dial([{ host: 'late.test', port }], () =>
    Promise.resolve(answers.shift() ?? []),
  );
  await until('a handshake', () => handshakes.length === 1);
  expect(complaints).toEqual([`late.test:${port} the name has no address (1)`]);
});

it('tries the address that worked last first, and a removed one no more', async () => {
  const first = await fake('127.0.0.1');
  const { port } = first;
  const other = await fake('127.0.0.2', port);
  let answer = ['127.0.0.1'];
  const { handshakes } = dial([{ host: 'moves.test', port }], () => Promise.resolve(answer));
  await until('a handshake', () => handshakes.length === 1);
  answer = ['127.0.0.2', '127.0.0.1'];
  first.connections[0]?.socket.destroy();
  await until('the same again', () => handshakes.length === 2);
  expect(handshakes[1]).toBe(`127.0.0.1:${port}`);
  answer = ['127.0.0.2'];
  first.connections[1]?.socket.destroy();
  await until('the other', () => handshakes.length === 3);
  expect(handshakes[2]).toBe(`127.0.0.2:${port}`);
  expect(other.connections).toHaveLength(1);
});

it('dials a node once if two names and its addresses are given', async () => {
  const first = await fake('127.0.0.1');
  const { port } = first;
  const second = await fake('127.0.0.2', port);
  const hosts = ['127.0.0.1', 'a.test', 'b.test', '::ffff:127.0.0.1'];
  const { handshakes, complaints } = dial(
    hosts.map((host) => ({ host, port })),
    () => Promise.resolve(['127.0.0.2', '127.0.0.1']),
  );
  await until('the handshake', () => handshakes.length > 0);
  await until('the others are told of', () => complaints.length === 3);
  expect(complaints.every((line) => line.endsWith(' duplicate (1)'))).toBe(true);
  expect(handshakes).toEqual([`127.0.0.1:${port}`]);
  expect([first.connections.length, second.connections.length]).toEqual([1, 0]);
});

it.each([
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['FE80:0::1%eth0', 'fe80::1%eth0'],
  ['fe80::1', 'fe80::1'],
  ['::1%lo', '::1'],
  ['0:0::1', '::1'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['1.2.3.4', '1.2.3.4'],
])('the host of %s is %s', (text, host) => {
  expect(hostOf(text)).toBe(host);
});

linkLocal.describe('a link-local address', (address) => {
  it('is dialled and reported with its zone', async () => {
    const { port } = await fake(address);
    const { handshakes, complaints } = dial([{ host: address, port }], both);
    await until('a handshake or a complaint', () => handshakes.length + complaints.length > 0);
    expect({ handshakes, complaints }).toEqual({ handshakes: [`[${address}]:${port}`], complaints: [] });
  });

  it('is dialled with the zone from the look-up of a name', async () => {
    const { port } = await fake(address);
    const { handshakes, complaints } = dial([{ host: 'near.test', port }], () => Promise.resolve([address]));
    await until('a handshake or a complaint', () => handshakes.length + complaints.length > 0);
    expect({ handshakes, complaints }).toEqual({ handshakes: [`[${address}]:${port}`], complaints: [] });
  });
});
