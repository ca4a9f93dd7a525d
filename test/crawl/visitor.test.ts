import { parseIp } from '../../src/p2p/join/ip';
import { DIRECT_ROUTES } from '../../src/p2p/route/routes';
import { type Destination, type Visited, Visitor } from '../../src/crawl/visitor';
import { encodeAddr } from '../../src/wire/messages/addr';
import type { NetworkAddress } from '../../src/wire/messages/network-address';
import { Cleanup } from '../support/cleanup';
import { EncryptedNode } from '../support/encrypted-peer';
import { type FakeClaims, type FakeConnection, FakePeer, versionPayload } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Times that only a failing test reaches. */
const LONG = { answerMs: 120_000, afterPongMs: 120_000 };
/** Short times, so that a node that does not answer is not waited for. */
const SHORT = { answerMs: 500, afterPongMs: 200 };
/** A pong comes before the visit ends, however long it takes. */
const SHORT_AFTER_PONG = { ...LONG, afterPongMs: 200 };

const addressesOf = (count: number): readonly NetworkAddress[] =>
  Array.from({ length: count }, (_, i) => ({
    ...(parseIp(`1.2.${i >> 8}.${i & 255}`) ?? { network: 'ipv4' as const, address: Buffer.alloc(4) }),
    ...{ port: 8_333, services: 9n, time: 1_700_000_000 },
  }));

/** A peer that completes handshakes, and does with other messages what `on` says. */
async function startPeer(
  on: (connection: FakeConnection, command: string, payload: Buffer) => void,
  claims: FakeClaims = {},
): Promise<FakePeer> {
  const peer = await FakePeer.start({
    onMessage: (connection, { command, payload }) => {
      if (command === 'version') connection.send('version', versionPayload(claims));
      if (command === 'verack') connection.send('verack');
      on(connection, command, payload);
    },
  });
  return cleanup.add(peer, (it) => it.stop());
}

/** Visits a node, and counts the addresses that it tells. */
async function visit(
  to: Partial<Destination> & { readonly port: number },
  patience = LONG,
): Promise<Visited & { readonly taken: number }> {
  const faults: unknown[] = [];
  const visitor = new Visitor({
    ...{ network: 'regtest', userAgent: '/test/', mode: 'auto', routes: DIRECT_ROUTES, patience },
    fault: (error) => faults.push(error),
  });
  let taken = 0;
  try {
    const destination = { host: '127.0.0.1', services: 9n, ...to };
    const visited = await visitor.visit(destination, (addresses) => (taken += addresses.length));
    expect(faults).toEqual([]);
    return { ...visited, taken };
  } finally {
    visitor.stop();
  }
}

it('ends as soon as both questions are answered, and asks for no announcements', async () => {
  const peer = await startPeer(
    (connection, command, payload) => {
      if (command === 'getaddr') connection.send('addr', encodeAddr(addressesOf(1_000)));
      if (command === 'ping') connection.send('pong', payload);
    },
    { userAgent: '/x:1/', height: 7, services: 1_033n },
  );
  const { found, taken } = await visit(peer);
  expect(found).toMatchObject({ transport: 'v1', told: 1_000 });
  expect(found?.claims).toMatchObject({ userAgent: '/x:1/', startHeight: 7, services: 1_033n });
  expect(found?.latencyMs).toBeGreaterThan(0);
  expect(taken).toBe(1_000);
  const [connection] = peer.connections;
  expect(connection?.commands().filter((command) => !command.startsWith('send'))).toEqual([
    ...['version', 'verack', 'getaddr', 'ping'],
  ]);
  // The last byte of a version says whether transactions are wanted (BIP37).
  expect(connection?.got[0]?.payload.at(-1)).toBe(0);
});

it.each([
  ['nothing', (): void => undefined, undefined, SHORT],
  [
    'the ping alone',
    (connection: FakeConnection, command: string, payload: Buffer): void => {
      if (command === 'ping') connection.send('pong', payload);
    },
    expect.any(Number) as number,
    SHORT_AFTER_PONG,
  ],
])('is patient with a node that answers %s, and not for ever', async (_, on, latencyMs, patience) => {
  const { found, taken } = await visit(await startPeer(on), patience);
  expect(found).toMatchObject({ told: 0 });
  expect(found?.latencyMs).toEqual(latencyMs);
  expect(taken).toBe(0);
});

it('takes no addresses before the handshake', async () => {
  const peer = await FakePeer.start({
    onMessage: (connection, { command, payload }) => {
      if (command === 'version') {
        connection.send('version', versionPayload());
        connection.send('addr', encodeAddr(addressesOf(50)));
        connection.send('verack');
      }
      if (command === 'getaddr') connection.send('addr', encodeAddr(addressesOf(3)));
      if (command === 'ping') connection.send('pong', payload);
    },
  });
  cleanup.add(peer, (it) => it.stop());
  expect((await visit(peer)).taken).toBe(3);
});

it('ends a node that tells address after address and never answers', async () => {
  const peer = await startPeer((connection, command) => {
    if (command !== 'getaddr') return;
    for (let i = 0; i < 1_000; i++) connection.send('addr', encodeAddr(addressesOf(1)));
  });
  expect(await visit(peer)).toMatchObject({ taken: 8, found: { told: 8 }, reason: 'stopped' });
});

it('ends a node that sends 100,000 addresses for ever, after its first thousands', async () => {
  const peer = await startPeer((connection, command) => {
    if (command !== 'getaddr') return;
    const flood = encodeAddr(addressesOf(1_000));
    const timer = setInterval(() => connection.send('addr', flood), 1);
    connection.socket.on('close', () => clearInterval(timer));
  });
  const { found, taken } = await visit(peer);
  expect(found).not.toBeNull();
  expect(taken).toBeLessThanOrEqual(8_000);
  await until('its connection to end', () => peer.connections[0]?.socket.destroyed === true);
});

it('ends a node that sends something else without an end', async () => {
  const peer = await startPeer((connection, command) => {
    if (command !== 'getaddr') return;
    const timer = setInterval(() => connection.send('whatever', Buffer.alloc(50_000)), 1);
    connection.socket.on('close', () => clearInterval(timer));
  });
  expect(await visit(peer)).toMatchObject({ reason: 'flood', taken: 0, found: { told: 0 } });
});

it('speaks the encrypted transport with a node that others say has it', async () => {
  const node = cleanup.add(await EncryptedNode.start(), (it) => it.stop());
  expect(await visit({ port: node.port, services: 2_057n }, SHORT)).toMatchObject({
    found: { transport: 'v2' },
  });
});

it.each([
  ['of which others say that it has it, and which hangs up on it', 2_057n, 1],
  ['that the user named, and which hangs up on it', undefined, 1],
  ['of which nobody says that it has it', 9n, 0],
])('speaks the plain transport with a node %s', async (_, services, refused) => {
  const peer = await startPeer(() => undefined);
  expect(await visit({ port: peer.port, services }, SHORT)).toMatchObject({ found: { transport: 'v1' } });
  expect(peer.refused).toBe(refused);
});

it('reaches nobody where nobody is, and no node without a whole handshake', async () => {
  expect(await visit({ port: await freePort() })).toMatchObject({
    found: null,
    reason: 'connection-refused',
  });
  const old = await startPeer(() => undefined, { version: 31_000 });
  expect(await visit(old)).toMatchObject({ found: null, reason: 'obsolete-version' });
});
