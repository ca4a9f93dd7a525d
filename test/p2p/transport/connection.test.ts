import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import type { TransportMode } from '../../../src/p2p/transport/choice';
import { encodeFrame } from '../../../src/wire/framing';
import { decodeVersion } from '../../../src/wire/messages/version';
import { NETWORKS } from '../../../src/wire/networks';
import { Cleanup } from '../../support/cleanup';
import { dialEncrypted, EncryptedNode, type EncryptedPeer } from '../../support/encrypted-peer';
import { dialListener, FakePeer, versionPayload } from '../../support/fake-peer';
import {
  type ByteCounts,
  startTransportListener,
  type TransportListener,
} from '../../support/transport-listener';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const P2P_V2 = 1n << 11n;

async function listen(mode: TransportMode, connect?: readonly number[]): Promise<TransportListener> {
  return cleanup.add(await startTransportListener(mode, connect), (it) => it.stop());
}

async function dial(...args: Parameters<typeof dialEncrypted>): Promise<EncryptedPeer> {
  return cleanup.add(await dialEncrypted(...args), ({ socket }) => socket.destroy());
}

async function encryptedNode(options?: Parameters<typeof EncryptedNode.start>[0]): Promise<EncryptedNode> {
  return cleanup.add(await EncryptedNode.start(options), (it) => it.stop());
}

async function plainNode(options?: Parameters<typeof FakePeer.start>[0]): Promise<FakePeer> {
  return cleanup.add(await FakePeer.start(options), (it) => it.stop());
}

/** Bytes of messages. */
function sumOf(messages: EncryptedPeer['in']['messages']): number {
  return [...messages.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The counts that the listener must have, as its only peer sees them. */
function asSeenBy(peer: EncryptedPeer): { readonly in: ByteCounts; readonly out: ByteCounts } {
  const { in: incoming, out } = peer;
  return {
    in: {
      socket: peer.written,
      ...{ handshake: out.handshake, decoys: out.decoys, messages: sumOf(out.messages) },
    },
    out: {
      socket: peer.received,
      ...{ handshake: incoming.handshake, decoys: incoming.decoys, messages: sumOf(incoming.messages) },
    },
  };
}

function expectExact(listener: TransportListener, peer: EncryptedPeer): void {
  const counts = { in: listener.in, out: listener.out };
  expect(counts).toEqual(asSeenBy(peer));
  for (const { socket, handshake, decoys, messages } of Object.values(counts))
    expect(handshake + decoys + messages).toBe(socket);
}

describe('a peer that dials by the encrypted transport', () => {
  it.each([0, 1, 4_095])('is served, each byte counted, with %d bytes of garbage', async (length) => {
    const listener = await listen('auto');
    const peer = await dial(listener.port, { garbage: randomBytes(length), decoysFirst: [5, 0] });
    await until('a handshake', () => listener.handshakes.length === 1);
    // The pongs tell that what was sent before the pings has come.
    peer.send('sendtemplate');
    for (let n = 0; n < 500; n++) {
      peer.send('ping', Buffer.alloc(8, n));
      if (n % 100 === 0) peer.decoy(n);
    }
    await until('the pongs', () => peer.in.messages.get('pong')?.count === 500);
    expect(listener.handshakes).toEqual(['v2']);
    expectExact(listener, peer);
    expect([listener.violations, listener.ends]).toEqual([[], []]);
    const version = peer.got.find(({ command }) => command === 'version');
    expect(decodeVersion(version?.payload ?? Buffer.alloc(0)).services).toBe(P2P_V2);
  });

  it('gets nothing before its key is complete', async () => {
    const listener = await listen('auto');
    const socket = cleanup.add(connect(listener.port, '127.0.0.1'), (it) => it.destroy());
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'connect');
    socket.setNoDelay(true);
    socket.write(randomBytes(63));
    await until('the bytes', () => listener.in.socket === 63);
    expect(Buffer.concat(chunks)).toHaveLength(0);
    socket.write(randomBytes(1));
    await until('an answer', () => Buffer.concat(chunks).length >= 64 + 16 + 20);
    expect(listener.violations).toEqual([]);
  });

  it('is refused without a byte and without a violation where --transport is v1', async () => {
    const listener = await listen('v1');
    const peer = await dial(listener.port);
    await until('the end', () => peer.socket.destroyed);
    expect([listener.ends, listener.violations, peer.received]).toEqual([['encrypted-transport'], [], 0]);
  });
});

describe('a peer that dials by the plain transport', () => {
  it('is served where --transport is auto, and told that we know the other one', async () => {
    const listener = await listen('auto');
    const peer = cleanup.add(await dialListener(listener.port), ({ socket }) => socket.destroy());
    await until('a handshake', () => listener.handshakes.length === 1);
    expect(listener.handshakes).toEqual(['v1']);
    const version = peer.got.find(({ command }) => command === 'version');
    expect(decodeVersion(version?.payload ?? Buffer.alloc(0)).services).toBe(P2P_V2);
  });

  it('is refused without a byte and without a violation where --transport is v2', async () => {
    const listener = await listen('v2');
    const peer = await dialListener(listener.port);
    await until('the end', () => peer.socket.destroyed);
    expect([listener.ends, listener.violations, peer.received]).toEqual([['plain-transport'], [], 0]);
  });
});

describe('all kinds of peers at one port', () => {
  it('each get what they should, and none is banned', async () => {
    const listener = await listen('auto');
    const { port } = listener;
    const from = (n: number): string => `127.0.0.${n}`;
    const raw = async (n: number, bytes: Buffer): Promise<Socket> => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: from(n) });
      cleanup.add(socket, (it) => it.destroy());
      socket.on('error', () => undefined);
      socket.resume();
      await once(socket, 'connect');
      socket.write(bytes);
      return socket;
    };
    const secure = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    secure.on('error', () => undefined);
    cleanup.add(secure, (it) => it.destroy());
    const request = http.get({ port, host: '127.0.0.1', localAddress: from(12) });
    request.on('error', () => undefined);
    const { magic } = NETWORKS.mainnet;
    const [plain, encrypted, foreign, other] = await Promise.all([
      dialListener(port, { from: from(20) }),
      dialEncrypted(port, { from: from(21), garbage: randomBytes(100) }),
      dialEncrypted(port, { from: from(22), network: 'mainnet', garbage: randomBytes(4_095) }),
      raw(23, encodeFrame(magic, 'version', versionPayload())),
    ]);
    for (const { socket } of [plain, encrypted, foreign]) cleanup.add(socket, (it) => it.destroy());
    await until('both handshakes', () => listener.handshakes.length === 2);
    // Falls back: its first connection ends early, then it comes by the plain transport.
    const first = await raw(24, randomBytes(64));
    await once(first, 'data');
    first.destroy();
    const second = await dialListener(port, { from: from(24) });
    cleanup.add(second.socket, (it) => it.destroy());
    await until('the third handshake', () => listener.handshakes.length === 3);
    await until('the ends', () => other.destroyed && listener.ends.length === 5);
    expect(listener.handshakes.slice().sort()).toEqual(['v1', 'v1', 'v2']);
    const mistakes = ['http', 'no-garbage-terminator', 'tls', 'wrong-network'];
    expect(listener.violations.slice().sort()).toEqual(mistakes);
    expect(listener.banned()).toBe(0);
    for (const peer of [plain, encrypted]) peer.send('ping', Buffer.alloc(8));
    await until('pongs', () => [plain, encrypted].every((peer) => peer.commands().includes('pong')));
  });
});

describe('a peer that is dialled', () => {
  it('is spoken to by the encrypted transport first, each byte counted', async () => {
    const node = await encryptedNode({ garbage: randomBytes(1_000), decoysFirst: [100] });
    const listener = await listen('auto', [node.port]);
    await until('a handshake', () => listener.handshakes.length === 1);
    const [peer] = node.connections;
    if (peer === undefined) throw new Error('nobody dialled');
    for (let n = 0; n < 300; n++) peer.send('ping', Buffer.alloc(8, n));
    await until('the pongs', () => peer.in.messages.get('pong')?.count === 300);
    expect(listener.handshakes).toEqual(['v2']);
    expectExact(listener, peer);
    // Our garbage is random.
    expect(peer.in.handshake).toBeLessThanOrEqual(64 + 4_095 + 16 + 20);
  });

  it('is served where its version comes with its version packet', async () => {
    const node = await encryptedNode({
      onMessage: (peer, { command }) => {
        if (command === 'verack') peer.send('verack');
      },
    });
    const listener = await listen('v2', [node.port]);
    await until('a connection', () => node.connections.length === 1);
    const [peer] = node.connections;
    await until('our key', () => peer?.sessionId !== null);
    peer?.send('version', versionPayload());
    await until('a handshake', () => listener.handshakes.length === 1);
    expect(peer?.commands()[0]).toBe('version');
  });

  it('is dialled again at once by the plain transport if it hangs up', async () => {
    const node = await plainNode();
    const listener = await listen('auto', [node.port]);
    await until('a handshake', () => listener.handshakes.length === 1);
    expect(listener.handshakes).toEqual(['v1']);
    expect([listener.ends, listener.violations]).toEqual([['plain-transport'], []]);
    // It does not claim the encrypted transport, and so is dialled by the plain one from now on.
    node.connections.at(-1)?.socket.destroy();
    await until('another handshake', () => listener.handshakes.length === 2);
    expect(listener.ends).toEqual(['plain-transport', 'closed-by-peer']);
    expect([node.refused, node.connections.length]).toEqual([1, 2]);
  });

  it('is tried by the encrypted transport again once it claims that', async () => {
    const node = await plainNode({ claims: { services: 9n | P2P_V2 } });
    const listener = await listen('auto', [node.port]);
    await until('a handshake', () => listener.handshakes.length === 1);
    node.connections.at(-1)?.socket.destroy();
    await until('another handshake', () => listener.handshakes.length === 2);
    expect(listener.ends).toEqual(['plain-transport', 'closed-by-peer', 'plain-transport']);
  });

  it('is dialled by the plain transport if it speaks that first', async () => {
    const node = await plainNode({
      onConnect: (connection) => connection.send('version', versionPayload()),
      onMessage: (connection, { command }) => {
        if (command === 'version') connection.send('verack');
      },
    });
    const listener = await listen('auto', [node.port]);
    await until('a handshake', () => listener.handshakes.length === 1);
    expect([listener.handshakes, listener.ends]).toEqual([['v1'], ['plain-transport']]);
  });

  it('is not dialled by the plain transport where --transport is v2', async () => {
    const node = await plainNode();
    const listener = await listen('v2', [node.port]);
    await until('two attempts', () => listener.ends.length === 2);
    expect(listener.ends).toEqual(['plain-transport', 'plain-transport']);
    expect([node.refused, node.connections.length]).toEqual([2, 0]);
  });

  it('is no plain node because nothing listens there, or because it answers in another protocol', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanup.add(server, (it) => it.close());
    const listener = await listen('auto', [(server.address() as AddressInfo).port]);
    await until('two attempts', () => listener.ends.length === 2);
    expect([listener.ends, listener.violations]).toEqual([
      ['http', 'http'],
      ['http', 'http'],
    ]);
  });
});

describe('a hostile peer of the encrypted transport', () => {
  async function joined(): Promise<[TransportListener, EncryptedPeer]> {
    const listener = await listen('auto');
    const peer = await dial(listener.port, { from: '127.0.0.60' });
    await until('a handshake', () => listener.handshakes.length === 1);
    return [listener, peer];
  }

  const hostilities: readonly (readonly [string, string, boolean, (peer: EncryptedPeer) => void])[] = [
    [
      'sends a wrong tag',
      'wrong-tag',
      true,
      (peer) => {
        const packet = peer.seal(Buffer.alloc(9, 18));
        packet[20] = (packet[20] ?? 0) ^ 1;
        peer.raw(packet);
      },
    ],
    [
      'claims the longest packet there can be',
      'oversized-message',
      true,
      (peer) => {
        peer.raw(peer.seal(Buffer.alloc(0), { length: 2 ** 24 - 1 }));
      },
    ],
    [
      'sends decoys for ever',
      'decoy-flood',
      true,
      (peer) => {
        for (let n = 0; n < 1_000; n++) peer.decoy(100_000);
      },
    ],
  ];

  it.each(hostilities)('that %s ends its own connection, by its own reason', async (_, reason, bans, act) => {
    const [listener, peer] = await joined();
    const honest = await dial(listener.port, { from: '127.0.0.61' });
    await until('a handshake', () => listener.handshakes.length === 2);
    act(peer);
    await until('the end', () => listener.ends.length === 1);
    expect([listener.ends, listener.violations]).toEqual([[reason], [reason]]);
    expect(listener.banned()).toBe(bans ? 1 : 0);
    honest.send('ping', Buffer.alloc(8));
    await until('a pong', () => honest.commands().includes('pong'));
  });

  it('that sends 4,096 bytes of garbage without a terminator ends likewise', async () => {
    const listener = await listen('auto');
    const socket = cleanup.add(connect(listener.port, '127.0.0.1'), (it) => it.destroy());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(randomBytes(64 + 4_096 + 15));
    await until('the end', () => listener.ends.length === 1);
    expect([listener.ends, listener.violations, listener.banned()]).toEqual([
      ['no-garbage-terminator'],
      ['no-garbage-terminator'],
      0,
    ]);
  });
});
