import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { SystemClock } from '../../../src/lib/clock';
import { EventBus } from '../../../src/lib/event-bus';
import type { P2PEvents } from '../../../src/p2p/p2p-events';
import { encodeFrame } from '../../../src/wire/framing';
import { ForeignDials } from '../../../src/p2p/join/foreign-dials';
import { prepareJoin } from '../../../src/p2p/join/prepare-join';
import { NETWORKS } from '../../../src/wire/networks';
import { Pool } from '../../../src/p2p/pool';
import { Cleanup } from '../../support/cleanup';
import { NO_COMPACT } from '../../support/compact';
import { dialListener, type FakeConnection, versionPayload } from '../../support/fake-peer';
import { freePort } from '../../support/free-port';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { magic } = NETWORKS.regtest;
const VERSION = encodeFrame(magic, 'version', versionPayload());

interface Listening {
  readonly port: number;
  /** Why connections ended, and whether their handshakes were complete. */
  readonly ends: string[];
  readonly violations: string[];
  readonly refused: string[];
  readonly banned: () => number;
}

/** A regtest node that accepts connections. */
async function listen(): Promise<Listening> {
  const port = await freePort();
  const log = { info: () => undefined, warn: () => undefined };
  const join = await prepareJoin(
    { peers: 0, maxInbound: 20, listen: { host: '127.0.0.1', port } },
    { network: 'regtest', hasPeers: false, log },
  );
  const bus = new EventBus<P2PEvents>();
  const ends: string[] = [];
  const violations: string[] = [];
  const refused: string[] = [];
  bus.on('disconnected', ({ reason }) => ends.push(reason));
  bus.on('violation', ({ reason }) => violations.push(reason));
  bus.on('refused', ({ reason }) => refused.push(reason));
  const pool = new Pool(
    { network: 'regtest', connect: [], userAgent: '/test/', wtxidRelay: true, txPerSecond: 100, join },
    {
      ...{ bus, clock: new SystemClock(), ...NO_COMPACT, reportUnreachable: () => undefined },
      fault: (error) => {
        throw error;
      },
    },
  );
  cleanup.add(pool, (it) => it.stop());
  pool.start();
  return { port, ends, violations, refused, banned: () => pool.addresses.banned };
}

/** A raw connection from a loopback address, and the bytes that it received. */
async function dial(port: number, from: string): Promise<{ socket: Socket; got: () => Buffer }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  cleanup.add(socket, (it) => it.destroy());
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, got: () => Buffer.concat(chunks) };
}

async function handshake(port: number, from: string): Promise<FakeConnection> {
  const peer = cleanup.add(await dialListener(port, { from }), ({ socket }) => socket.destroy());
  await until('a handshake', () => peer.commands().includes('verack'));
  return peer;
}

const closed = (socket: Socket): Promise<boolean> => until('the end', () => socket.destroyed);

describe('a connection that speaks another protocol', () => {
  it('gets no byte and no ban, and is counted by its protocol, while another peer is served', async () => {
    const { port, ends, violations, banned } = await listen();
    const peer = await handshake(port, '127.0.0.10');

    const errors: string[] = [];
    const secure = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    cleanup.add(secure, (it) => it.destroy());
    secure.on('error', (error: NodeJS.ErrnoException) => errors.push(`tls ${error.code ?? ''}`));
    await closed(secure);
    const request = http.get({ port, host: '127.0.0.1', localAddress: '127.0.0.12' });
    request.on('error', (error: NodeJS.ErrnoException) => errors.push(`http ${error.code ?? ''}`));
    await until('the end of the request', () => errors.length === 2);
    // Not a byte came: the connection was closed before an answer.
    expect(errors).toEqual(['tls ECONNRESET', 'http ECONNRESET']);

    const others: readonly (readonly [string, Buffer])[] = [
      ['127.0.0.13', randomBytes(64)],
      ['127.0.0.14', encodeFrame(NETWORKS.mainnet.magic, 'version', versionPayload())],
      ['127.0.0.15', encodeFrame(0x1234_5678, 'version', versionPayload())],
      ['127.0.0.16', Buffer.from('SSH-2.0-OpenSSH_9.7\r\n')],
      ['127.0.0.17', encodeFrame(magic, 'verack', Buffer.alloc(0))],
    ];
    for (const [from, bytes] of others) {
      const { socket, got } = await dial(port, from);
      socket.write(bytes);
      await closed(socket);
      expect(got()).toHaveLength(0);
    }
    const mistakes = ['wrong-network', 'wrong-network', 'unknown-protocol', 'no-version-first'];
    expect(ends).toEqual(['tls', 'http', 'encrypted-transport', ...mistakes]);
    expect(violations).toEqual(['tls', 'http', ...mistakes]);
    expect(banned()).toBe(0);

    peer.send('ping', Buffer.alloc(8, 1));
    await until('a pong', () => peer.commands().includes('pong'));
  });

  it('is accepted when it comes back with the old transport, as Core does', async () => {
    const { port, ends, banned } = await listen();
    for (let i = 0; i < 3; i++) {
      const { socket, got } = await dial(port, '127.0.0.20');
      // A key of 64 bytes and garbage up to 4,095 (BIP324).
      socket.write(randomBytes(64 + 1_000 * i));
      await closed(socket);
      expect(got()).toHaveLength(0);
      const peer = await handshake(port, '127.0.0.20');
      peer.socket.destroy();
      await until('its end', () => ends.length === 2 * (i + 1));
    }
    expect(ends.filter((reason) => reason === 'encrypted-transport')).toHaveLength(3);
    expect(banned()).toBe(0);
  });

  it('is banned if it does nothing else', async () => {
    const { port, refused, banned } = await listen();
    for (let i = 0; i < 61; i++) {
      expect(banned()).toBe(0);
      const { socket } = await dial(port, '127.0.0.30');
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await closed(socket);
    }
    expect(banned()).toBe(1);
    await closed((await dial(port, '127.0.0.30')).socket);
    expect(refused).toEqual(['banned']);
    await handshake(port, '127.0.0.31');
  });
});

describe('an inbound peer', () => {
  it('gets nothing before its first 16 bytes, and then our version first', async () => {
    const { port } = await listen();
    const { socket, got } = await dial(port, '127.0.0.40');
    socket.setNoDelay(true);
    for (const byte of VERSION.subarray(0, 15)) {
      socket.write(Buffer.of(byte));
      await pause(5);
    }
    expect(got()).toHaveLength(0);
    socket.write(VERSION.subarray(15, 16));
    await until('our version', () => got().includes('version'));
    expect(got().includes('verack')).toBe(false);
    socket.write(VERSION.subarray(16));
    await until('our verack', () => got().includes('verack'));
    expect(got().indexOf('version')).toBe(4);
  });

  it('ends by the handshake timeout if it sends fewer', async () => {
    const { port, ends, violations, banned } = await listen();
    const mute = await dial(port, '127.0.0.50');
    const slow = await dial(port, '127.0.0.51');
    slow.socket.write(VERSION.subarray(0, 15));
    await until('both ends', () => mute.socket.destroyed && slow.socket.destroyed);
    await until('the reasons', () => ends.length === 2);
    expect(ends).toEqual(['handshake-timeout', 'handshake-timeout']);
    expect(violations).toEqual(ends);
    expect([mute.got().length, slow.got().length, banned()]).toEqual([0, 0, 0]);
  });

  it('has one deadline for the handshake, however late its version comes', async () => {
    const { port, ends } = await listen();
    const late = await dial(port, '127.0.0.52');
    const order: string[] = [];
    late.socket.on('close', () => order.push('says version after 8 s'));
    await pause(5_000);
    const mute = await dial(port, '127.0.0.53');
    mute.socket.on('close', () => order.push('dialled 5 s later'));
    await pause(3_000);
    late.socket.write(VERSION);
    await until('both ends', () => order.length === 2);
    expect(order).toEqual(['says version after 8 s', 'dialled 5 s later']);
    await until('the reasons', () => ends.length === 2);
    expect(ends).toEqual(['handshake-timeout', 'handshake-timeout']);
  });
});

describe('foreign dials', () => {
  it('are over the limit from the 61st in an hour', () => {
    let nowMs = 0;
    const misdials = new ForeignDials(() => nowMs);
    for (let i = 0; i < 60; i++) {
      expect(misdials.isOverLimit('a')).toBe(false);
      nowMs += 50_000;
    }
    expect(misdials.isOverLimit('a')).toBe(true);
    expect(misdials.isOverLimit('b')).toBe(false);
    nowMs = 3_600_000;
    expect(misdials.isOverLimit('a')).toBe(false);
  });

  it('are counted for a bounded number of addresses', () => {
    const misdials = new ForeignDials(() => 0);
    for (let i = 0; i < 60; i++) misdials.isOverLimit('first');
    for (let i = 0; i < 20_000; i++) expect(misdials.isOverLimit(`other ${i}`)).toBe(false);
    expect(misdials.isOverLimit('first')).toBe(false);
  });
});
