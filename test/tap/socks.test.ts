import { randomBytes } from 'node:crypto';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { once } from 'node:events';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import {
  type TestServer,
  type TestTap,
  type TestTapOptions,
  dialPort,
  endOf,
  readAll,
  readBytes,
  startServer,
  startTap,
} from '../support/tap';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function server(host?: string): Promise<TestServer> {
  return cleanup.add(await startServer(host), (it) => it.stop());
}

async function tap(options: TestTapOptions = {}): Promise<TestTap> {
  return cleanup.add(await startTap(options), (it) => it.process.close());
}

async function client(it: TestTap): Promise<Socket> {
  return cleanup.add(await dialPort(it.socksPort), (socket) => socket.destroy());
}

/** A name that is none, so that nobody is asked for it. */
const TOO_LONG = `${'a.'.repeat(127)}a`;

const portBytes = (port: number): number[] => [port >> 8, port & 0xff];
const ipv4 = (port: number, last = 1): Buffer => Buffer.from([1, 127, 0, 0, last, ...portBytes(port)]);
const ipv6 = (port: number): Buffer => Buffer.from([4, ...Buffer.alloc(15), 1, ...portBytes(port)]);
const name = (host: string, port: number): Buffer =>
  Buffer.from([3, host.length, ...Buffer.from(host), ...portBytes(port)]);
const connectTo = (address: Buffer, command = 1): Buffer => Buffer.from([5, command, 0, ...address]);
const login = (user: string, password: string): Buffer =>
  Buffer.from([1, user.length, ...Buffer.from(user), password.length, ...Buffer.from(password)]);

/** Greets without a login, asks, and returns the socket and the code of the reply. */
async function ask(it: TestTap, request: Buffer): Promise<{ socket: Socket; reply: Buffer }> {
  const socket = await client(it);
  socket.write(Buffer.from([5, 1, 0]));
  expect(await readBytes(socket, 2)).toEqual(Buffer.from([5, 0]));
  socket.write(request);
  return { socket, reply: await readReply(socket) };
}

async function readReply(socket: Socket): Promise<Buffer> {
  const head = await readBytes(socket, 4);
  return Buffer.concat([head, await readBytes(socket, head[3] === 4 ? 18 : 6)]);
}

it.each([
  ['an IPv4 address', '127.0.0.1', ipv4, '127.0.0.1'],
  ['an IPv6 address', '::1', ipv6, '[::1]'],
  ['a name', '127.0.0.1', (port: number) => name('localhost', port), '127.0.0.1'],
  // btcd writes addresses as names (go-socks `dial.go`).
  ['an IPv4 address as a name', '127.0.0.1', (port: number) => name('127.0.0.1', port), '127.0.0.1'],
  ['an IPv6 address as a name', '::1', (port: number) => name('::1', port), '[::1]'],
])('connects to %s, and passes bytes both ways', async (_what, host, address, shown) => {
  const behind = await server(host);
  const it = await tap();
  const { reply, socket } = await ask(it, connectTo(address(behind.port)));
  expect(reply.subarray(0, 3)).toEqual(Buffer.from([5, 0, 0]));
  const peer = await behind.next();
  expect(reply.readUInt16BE(reply.length - 2)).toBe(peer.remotePort);
  const [out, back] = [randomBytes(500_000), randomBytes(400_000)];
  const { localPort = 0 } = socket;
  socket.end(out);
  peer.end(back);
  expect((await readAll(peer)).equals(out)).toBe(true);
  expect((await readAll(socket)).equals(back)).toBe(true);
  await until('its end', () => it.tapped[0]?.reason != null);
  expect(it.tapped).toMatchObject([
    {
      connection: {
        outbound: true,
        address: `${shown}:${behind.port}`,
        seenAs: `127.0.0.1:${it.socksPort}`,
      },
      in: { bytes: back.length },
      out: { bytes: out.length },
    },
  ]);
  expect(localPort).toBeGreaterThan(0);
});

it('takes all of a handshake in one piece, or byte by byte, with bytes of the protocol behind it', async () => {
  const behind = await server();
  const it = await tap();
  const early = randomBytes(100_000);
  const all = Buffer.concat([
    Buffer.from([5, 2, 0, 2]),
    login('user', 'password'),
    connectTo(ipv4(behind.port)),
  ]);
  const whole = await client(it);
  whole.write(Buffer.concat([all, early]));
  const answers = Buffer.from([5, 2, 1, 0, 5, 0, 0, 1, 127, 0, 0, 1]);
  expect(await readBytes(whole, answers.length)).toEqual(answers);
  expect((await readBytes(await behind.next(), early.length)).equals(early)).toBe(true);

  const slow = await client(it);
  slow.setNoDelay(true);
  for (const byte of all) {
    slow.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  slow.write('x');
  expect(await readBytes(slow, answers.length)).toEqual(answers);
  expect((await readBytes(await behind.next(), 1)).toString()).toBe('x');
});

it('answers what can’t be dialled with the code of its reason', async () => {
  const it = await tap();
  const closed = await freePort();
  const code = async (request: Buffer): Promise<number | undefined> => {
    const { reply, socket } = await ask(it, request);
    expect(await endOf(socket)).toBe('end');
    return reply[1];
  };
  expect(await code(connectTo(ipv4(closed)))).toBe(5);
  expect(await code(connectTo(name('localhost', closed)))).toBe(5);
  expect(await code(connectTo(name(TOO_LONG, 8333)))).toBe(4);
  expect(await code(connectTo(name('not a name', 8333)))).toBe(4);
  expect(await code(connectTo(name(`${'a'.repeat(56)}.onion`, 8333)))).toBe(4);
  // Broadcast addresses can't be connected to by TCP.
  expect(await code(connectTo(Buffer.from([1, 255, 255, 255, 255, 1, 1])))).not.toBe(0);
  expect(await code(connectTo(ipv4(closed), 2))).toBe(7);
  expect(await code(connectTo(ipv4(closed), 3))).toBe(7);
  expect(await code(connectTo(Buffer.from([2, 127, 0, 0, 1, 1, 1])))).toBe(8);
  await until(
    'the counts',
    () => it.refused.get('socks-unsupported') === 3 && it.refused.get('socks-unreachable') === 6,
  );
  expect(it.tapped).toEqual([]);
});

it('looks up names, as btcd asks by Tor’s extension where it has a proxy', async () => {
  const it = await tap();
  const { reply, socket } = await ask(it, connectTo(name('localhost', 0), 0xf0));
  expect(reply).toEqual(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
  expect(await endOf(socket)).toBe('end');
  expect((await ask(it, connectTo(name(TOO_LONG, 0), 0xf0))).reply[1]).toBe(4);
  expect((await ask(it, connectTo(name('a.onion', 0), 0xf0))).reply[1]).toBe(4);
});

it.each([
  ['SOCKS4', Buffer.from([4, 1, 0, 80, 127, 0, 0, 1, 0])],
  ['HTTP', Buffer.from('CONNECT example.org:8333 HTTP/1.1\r\n\r\n')],
  ['TLS', Buffer.from('16030100', 'hex')],
  ['random bytes', Buffer.from('f9beb4d976657273696f6e', 'hex')],
  ['no methods', Buffer.from([5, 0])],
  ['another login', Buffer.from([5, 1, 2, 9, 9, 9])],
  ['another version in the request', Buffer.from([5, 1, 0, 4, 1, 0, 1])],
])('closes a client that speaks garbage: %s', async (_what, bytes) => {
  const it = await tap();
  for (let i = 0; i < 3; i++) {
    const socket = await client(it);
    socket.write(bytes);
    expect(await endOf(socket)).toMatch(/end|ECONNRESET/);
  }
  await until('the counts', () => it.refused.get('socks-garbage') === 3);
  expect(it.warnings).toEqual(['--socks 127.0.0.1:0: a client does not speak SOCKS5 and is closed']);
});

it('tells a client whose login methods it does not know', async () => {
  const it = await tap();
  const socket = await client(it);
  socket.write(Buffer.from([5, 1, 1]));
  expect(await readAll(socket)).toEqual(Buffer.from([5, 0xff]));
});

it('closes clients beyond the limit', async () => {
  const it = await tap({ limits: { maxOutbound: 3, requestMs: 600_000 } });
  const idle = await Promise.all([client(it), client(it), client(it)]);
  // The tap has all three, as it has answered them.
  for (const socket of idle) {
    socket.write(Buffer.from([5, 1, 0]));
    await readBytes(socket, 2);
  }
  // It may be closed while it dials.
  const late = await client(it).then(endOf, (error: unknown) => String(error));
  expect(late).toMatch(/end|ECONNRESET/);
  await until('the count', () => it.refused.get('socks-full') === 1);
  await until('a warning', () => it.warnings.length > 0);
  expect(it.warnings).toEqual(['--socks 127.0.0.1:0: there are 3 connections, so a further one is closed']);
  idle[0].destroy();
  await until('room for another', async () => {
    const { reply } = await ask(it, connectTo(name('localhost', 0), 0xf0));
    return reply[1] === 0;
  });
});

it('closes clients that ask for nothing', async () => {
  const it = await tap({ limits: { requestMs: 400 } });
  const idle = await Promise.all([client(it), client(it), client(it)]);
  idle[1].write(Buffer.from([5, 1]));
  for (const socket of idle) expect(await endOf(socket)).toMatch(/end|ECONNRESET/);
  await until('the counts', () => it.refused.get('socks-timeout') === 3);
  expect(it.warnings).toEqual([]);
  // Where this machine stands still within the question, that client is closed as well.
  await until('an answer', async () => (await ask(it, connectTo(name('localhost', 0), 0xf0))).reply[1] === 0);
});

it('warns where strangers may reach its port', async () => {
  const it = await tap({ socks: { host: '0.0.0.0', port: 0 } });
  await until('a warning', () => it.warnings.length > 0);
  expect(it.warnings).toEqual([
    '--socks 0.0.0.0:0: everyone who reaches this port can connect to anything through it',
  ]);
});

describe('by an upstream proxy', () => {
  /** A SOCKS proxy that writes down what it is asked, and answers by a script. */
  async function upstream(
    method: number,
    reply: Buffer,
    early = '',
  ): Promise<{ port: number; heard: Buffer[]; sockets: Socket[] }> {
    const heard: Buffer[] = [];
    const sockets: Socket[] = [];
    const serve = async (socket: Socket): Promise<void> => {
      const [, count = 0] = await readNoted(socket, 2, heard);
      await readNoted(socket, count, heard);
      socket.write(Buffer.from([5, method]));
      if (method === 2) {
        const [, user = 0] = await readNoted(socket, 2, heard);
        await readNoted(socket, user, heard);
        const [password = 0] = await readNoted(socket, 1, heard);
        await readNoted(socket, password, heard);
        socket.write(Buffer.from([1, 0]));
      }
      const [, , , type, first = 0] = await readNoted(socket, 5, heard);
      await readNoted(socket, (type === 3 ? first + 1 : type === 1 ? 4 : 16) + 1, heard);
      // Its reply comes in pieces.
      for (const byte of reply) socket.write(Buffer.of(byte));
      socket.write(early);
      sockets.push(socket);
    };
    const proxy: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      socket.setNoDelay(true).on('error', () => undefined);
      cleanup.add(socket, (each) => each.destroy());
      serve(socket).catch(() => socket.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    cleanup.add(proxy, (each) => each.close());
    return { port: (proxy.address() as AddressInfo).port, heard, sockets };
  }

  async function readNoted(socket: Socket, length: number, heard: Buffer[]): Promise<Buffer> {
    const bytes = length === 0 ? Buffer.alloc(0) : await readBytes(socket, length);
    heard.push(bytes);
    return bytes;
  }

  const at = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });
  const granted = Buffer.from([5, 0, 0, 1, 10, 0, 0, 9, 4, 210]);

  it('sends name and login on unchanged, which Tor isolates streams by', async () => {
    const proxy = await upstream(2, granted, 'early');
    const it = await tap({ upstreamProxy: at(proxy.port) });
    const onion = name(`${'b'.repeat(56)}.onion`, 8333);
    const socket = await client(it);
    socket.write(Buffer.concat([Buffer.from([5, 2, 0, 2]), login('f00', 'ba7'), connectTo(onion)]));
    expect(await readBytes(socket, 4)).toEqual(Buffer.from([5, 2, 1, 0]));
    expect(await readBytes(socket, granted.length)).toEqual(granted);
    expect((await readBytes(socket, 5)).toString()).toBe('early');
    expect(Buffer.concat(proxy.heard)).toEqual(
      Buffer.concat([Buffer.from([5, 2, 0, 2]), login('f00', 'ba7'), connectTo(onion)]),
    );
    socket.write('to the peer');
    const [peer] = proxy.sockets;
    if (peer === undefined) throw new Error('no socket');
    expect((await readBytes(peer, 11)).toString()).toBe('to the peer');
    await until('its copy', () => it.tapped[0]?.out.bytes === 11);
    expect(it.tapped).toMatchObject([
      { connection: { address: `${'b'.repeat(56)}.onion:8333`, outbound: true }, in: { bytes: 5 } },
    ]);
  });

  it.each([
    ['a name in the reply', Buffer.from([5, 0, 0, 3, 2, 0x61, 0x62, 1, 2])],
    ['an IPv6 address in the reply', Buffer.from([5, 0, 0, 4, ...Buffer.alloc(18, 7)])],
  ])('passes on %s', async (_what, reply) => {
    const proxy = await upstream(0, reply);
    const it = await tap({ upstreamProxy: at(proxy.port) });
    const socket = await client(it);
    socket.write(Buffer.concat([Buffer.from([5, 1, 0]), connectTo(ipv4(1))]));
    expect(await readBytes(socket, 2 + reply.length)).toEqual(Buffer.concat([Buffer.from([5, 0]), reply]));
  });

  // 0xf0 and more are Tor's own codes: an onion service that isn't found, and others.
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 0xf0, 0xf7])('passes on the refusal %i as it came', async (code) => {
    const refusal = Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    const proxy = await upstream(0, refusal);
    const it = await tap({ upstreamProxy: at(proxy.port) });
    const { reply, socket } = await ask(it, connectTo(name('example.onion', 8333)));
    expect(reply).toEqual(refusal);
    expect(await endOf(socket)).toBe('end');
    await until('its count', () => it.refused.get('socks-unreachable') === 1);
  });

  it('passes on a look-up and its answer', async () => {
    const proxy = await upstream(0, Buffer.from([5, 0, 0, 1, 192, 0, 2, 1, 0, 0]));
    const it = await tap({ upstreamProxy: at(proxy.port) });
    const { reply, socket } = await ask(it, connectTo(name('seed.example', 0), 0xf0));
    expect(reply.subarray(4, 8)).toEqual(Buffer.from([192, 0, 2, 1]));
    expect(await endOf(socket)).toBe('end');
    expect(it.tapped).toEqual([]);
  });

  it.each([
    ['is not there', null, 'connect ECONNREFUSED'],
    ['speaks no SOCKS', Buffer.from('HTTP/1.1 400 Bad Request'), 'it does not speak SOCKS5'],
    ['wants a login', Buffer.from([5, 0xff]), 'it wants a login that the node does not give'],
    ['ends', Buffer.alloc(0), 'it ended the connection'],
  ])('says in one line that it %s', async (_what, answer, why) => {
    let port = await freePort();
    if (answer !== null) {
      const proxy = createServer((socket) => {
        socket.on('error', () => undefined);
        if (answer.length === 0) socket.end();
        else socket.write(answer);
      }).listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      cleanup.add(proxy, (each) => each.close());
      ({ port } = proxy.address() as AddressInfo);
    }
    const it = await tap({ upstreamProxy: at(port) });
    for (let i = 0; i < 3; i++) expect((await ask(it, connectTo(ipv4(1)))).reply[1]).toBe(1);
    await until('a warning', () => it.warnings.length > 0);
    expect(it.warnings).toHaveLength(1);
    expect(it.warnings[0]).toContain(`--upstream-proxy 127.0.0.1:${port}: ${why}`);
  });

  it('takes no longer than it may for an answer', async () => {
    const proxy = await server();
    const it = await tap({ upstreamProxy: at(proxy.port), limits: { dialMs: 300 } });
    expect((await ask(it, connectTo(ipv4(1)))).reply[1]).toBe(1);
  });

  it('notices a proxy that leads back to its own port', async () => {
    const port = await freePort();
    const it = await tap({ socks: at(port), upstreamProxy: { host: '127.1', port } });
    const socket = await client(it);
    socket.write(Buffer.concat([Buffer.from([5, 1, 0]), connectTo(ipv4(1))]));
    expect(await endOf(socket)).toMatch(/end|ECONNRESET/);
    await until('a warning', () => it.warnings.length > 0);
    expect(it.warnings[0]).toMatch(/^--upstream-proxy 127.1:\d+: leads back to --socks 127.0.0.1:\d+, so/);
  });
});
