import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NETWORKS } from '../../src/wire/networks';
import { encodeFrame } from '../../src/wire/framing';
import { EventBus } from '../../src/lib/event-bus';
import { TapProcess } from '../../src/tap/tap-process';
import type { TapTime } from '../../src/tap/tap-events';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { memoryOf } from '../support/proc';
import {
  ANY,
  type TestServer,
  type TestTap,
  type TestTapOptions,
  dialPort,
  endOf,
  readAll,
  readBytes,
  startServer,
  startTap,
  tapSettings,
} from '../support/tap';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { magic } = NETWORKS.regtest;

async function server(): Promise<TestServer> {
  return cleanup.add(await startServer(), (it) => it.stop());
}

async function tap(options: TestTapOptions): Promise<TestTap> {
  return cleanup.add(await startTap(options), (it) => it.process.close());
}

async function dialled(port: number, localAddress?: string): Promise<Socket> {
  return cleanup.add(await dialPort(port, localAddress), (it) => it.destroy());
}

/** How a connection to a port ends, which may be while it is dialled. */
async function endOfDial(port: number): Promise<string> {
  try {
    return await endOf(await dialled(port));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** A tap in front of a server, and both ends of a connection through it. */
async function through(options: TestTapOptions = {}): Promise<{ it: TestTap; peer: Socket; node: Socket }> {
  const behind = await server();
  const it = await tap({ targets: [behind.port], ...options });
  const peer = await dialled(it.ports[0] ?? 0);
  return { it, peer, node: await behind.next() };
}

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Writes bytes in pieces of random sizes, some of them after a pause, and ends. */
async function sendChunked(socket: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + Math.floor(Math.random() ** 4 * 200_000);
    if (!socket.write(bytes.subarray(at, end))) await once(socket, 'drain');
    if (Math.random() < 0.1) await sleep(1);
    at = end;
  }
  socket.end();
}

/** Reads to the end, now and then with a pause. */
async function readSlowly(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    if (Math.random() < 0.05) await sleep(2);
  }
  return Buffer.concat(chunks);
}

it('passes every byte in order, both ways at once, and counts all of them', async () => {
  const { it, peer, node } = await through();
  const { localPort } = peer;
  const seenAs = `127.0.0.1:${node.remotePort ?? 0}`;
  const [toNode, toPeer] = [randomBytes(8_000_000), randomBytes(6_000_000)];
  const [atNode, atPeer] = await Promise.all([
    readSlowly(node),
    readSlowly(peer),
    sendChunked(peer, toNode),
    sendChunked(node, toPeer),
  ]);
  expect(sha(atNode)).toBe(sha(toNode));
  expect(sha(atPeer)).toBe(sha(toPeer));
  const [tapped] = await until('its end', () => (it.tapped[0]?.reason == null ? undefined : it.tapped));
  expect(tapped).toMatchObject({
    in: { bytes: toNode.length },
    out: { bytes: toPeer.length },
    connection: { outbound: false, host: '127.0.0.1', port: localPort, isOpaque: true, seenAs },
  });
  expect(tapped?.reason).toMatch(/^closed-by-/);
});

it('holds back a sender whose bytes are not read, in bounded memory', async () => {
  const { it, peer, node } = await through();
  const before = memoryOf(it.process.pid).anonymous;
  const bytes = randomBytes(1_000_000);
  const total = 150;
  for (let i = 0; i < total; i++) peer.write(bytes);
  peer.end();
  let passed = -1;
  await until('a sender that is held back', async () => {
    const last = passed;
    await sleep(300);
    passed = it.tapped[0]?.in.bytes ?? 0;
    return passed === last && passed > 0;
  });
  // The system's buffers of two connections hold some megabytes.
  expect(passed).toBeLessThan((total * bytes.length) / 3);
  expect(memoryOf(it.process.pid).anonymous - before).toBeLessThan(30_000_000);
  const all = createHash('sha256');
  for (let i = 0; i < total; i++) all.update(bytes);
  expect(sha(await readAll(node))).toBe(all.digest('hex'));
  expect(memoryOf(it.process.pid).anonymous - before).toBeLessThan(60_000_000);
});

it.each(['peer', 'node'] as const)(
  'passes on the end of what the %s sends, and the rest goes on',
  async (first) => {
    const ends = await through();
    const [one, other] = first === 'peer' ? [ends.peer, ends.node] : [ends.node, ends.peer];
    one.end('last words');
    expect((await readAll(other)).toString()).toBe('last words');
    expect(one.readableEnded).toBe(false);
    for (let i = 0; i < 20; i++) {
      other.write(`answer ${i},`);
      await sleep(5);
    }
    other.end();
    expect((await readAll(one)).toString()).toContain('answer 19,');
    await until('its end', () => ends.it.tapped[0]?.reason === `closed-by-${first}`);
  },
);

it('resets a connection that is closed on one side and silent on the other', async () => {
  const { it, peer, node } = await through({ limits: { halfClosedMs: 300 } });
  node.end();
  expect(await endOf(peer)).toBe('end');
  expect(await endOf(node)).toBe('ECONNRESET');
  // Node.js looks no more at a socket whose reading has ended, but for a write.
  peer.write('more');
  await until('a reset', () => peer.destroyed);
  expect(peer.errored).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) as string });
  await until('its end', () => it.tapped[0]?.reason === 'half-closed');
});

it.each(['peer', 'node'] as const)(
  'passes on a reset by the %s, after the bytes before it',
  async (first) => {
    const ends = await through();
    const [one, other] = first === 'peer' ? [ends.peer, ends.node] : [ends.node, ends.peer];
    one.write('before');
    expect((await readBytes(other, 6)).toString()).toBe('before');
    one.resetAndDestroy();
    expect(await endOf(other)).toBe('ECONNRESET');
    await until('its end', () => ends.it.tapped[0]?.reason === `reset-by-${first}`);
  },
);

it('resets a peer where the node can’t be reached, says so once, and goes on when it can', async () => {
  const port = await freePort();
  const it = await tap({ targets: [port] });
  for (let i = 0; i < 5; i++) expect(await endOfDial(it.ports[0] ?? 0)).toBe('ECONNRESET');
  await until('its count', () => it.refused.get('target-unreachable') === 5);
  expect(it.warnings).toEqual([
    `--forward 127.0.0.1:0=127.0.0.1:${port}: the node can't be reached, so peers are refused: ` +
      `connect ECONNREFUSED 127.0.0.1:${port}`,
  ]);
  expect(it.tapped).toEqual([]);
});

it('leads many connections at once that end in every way', async () => {
  const behind = await server();
  // This process sends and receives as well, and reads the copy late.
  const it = await tap({ targets: [behind.port], limits: { maxCopyBytes: 1_000_000_000 } });
  const total = 240;
  const random = (most: number): number => Math.floor(Math.random() ** 2 * most);
  const source = randomBytes(1_000_000);
  const expected = new Map<number, { in: number; out: number }>();
  const accepted = new Map<number, (node: Socket) => void>();
  const accept = async (): Promise<void> => {
    for (let i = 0; i < total; i++) {
      const node = await behind.next();
      void readBytes(node, 4).then((name) => accepted.get(name.readUInt32BE())?.(node));
    }
  };
  const lead = async (id: number): Promise<void> => {
    const peer = await dialled(it.ports[0] ?? 0);
    const port = peer.localPort ?? 0;
    const coming = new Promise<Socket>((resolve) => accepted.set(id, resolve));
    const name = Buffer.alloc(4);
    name.writeUInt32BE(id);
    peer.write(name);
    const node = await coming;
    const [toNode, toPeer] = [source.subarray(0, random(600_000)), source.subarray(0, random(600_000))];
    if (id % 3 === 0) {
      // A reset while bytes are on their way.
      const [one, other] = id % 2 === 0 ? [peer, node] : [node, peer];
      const ended = endOf(other);
      one.write(toNode);
      other.write(toPeer);
      await sleep(random(30));
      one.resetAndDestroy();
      expect(await ended).toMatch(/ECONNRESET|EPIPE/);
      return;
    }
    const [atNode, atPeer] = await Promise.all([
      readSlowly(node),
      readSlowly(peer),
      sendChunked(peer, toNode),
      sendChunked(node, toPeer),
    ]);
    expect(atNode.equals(toNode) && atPeer.equals(toPeer)).toBe(true);
    expected.set(port, { in: toNode.length + 4, out: toPeer.length });
  };
  const accepting = accept();
  for (let first = 0; first < total; first += 60)
    await Promise.all(Array.from({ length: 60 }, (_, i) => lead(first + i)));
  await accepting;
  await until('their ends', () => it.tapped.filter(({ reason }) => reason !== null).length === total);
  for (const { connection, in: to, out, reason } of it.tapped) {
    const wanted = expected.get(connection.port);
    if (wanted === undefined) expect(reason).toMatch(/^reset-by-/);
    else expect({ in: to.bytes, out: out.bytes }).toEqual(wanted);
  }
  expect(it.tapped.filter(({ reason }) => reason?.startsWith('reset') === true)).toHaveLength(total / 3);
});

it('leads thousands of short connections, and tells of each', async () => {
  const behind = await server();
  const it = await tap({ targets: [behind.port] });
  const total = 2_000;
  let answered = 0;
  const serve = async (): Promise<void> => {
    for (let i = 0; i < total; i++) {
      const node = await behind.next();
      void readAll(node).then((bytes) => node.end(Buffer.concat([bytes, bytes])));
    }
  };
  const ask = async (): Promise<void> => {
    for (let i = 0; i < total / 20; i++) {
      const peer = await dialPort(it.ports[0] ?? 0);
      peer.end(`hello ${i}`);
      if ((await readAll(peer)).toString() === `hello ${i}hello ${i}`) answered++;
    }
  };
  await Promise.all([serve(), ...Array.from({ length: 20 }, ask)]);
  expect(answered).toBe(total);
  await until('their ends', () => it.tapped.filter(({ reason }) => reason !== null).length === total);
  for (const { in: to, out } of it.tapped) expect(out.bytes).toBe(2 * to.bytes);
  expect([...it.process.connections()]).toEqual([]);
});

it('limits the connections of an address, and refuses one that is banned', async () => {
  const behind = await server();
  const it = await tap({ targets: [behind.port], limits: { maxInbound: 16 } });
  const port = it.ports[0] ?? 0;
  // On loopback, which may stand for anybody, the limit of all connections holds alone.
  const peers = await Promise.all(Array.from({ length: 16 }, () => dialled(port)));
  for (let i = 0; i < 16; i++) (await behind.next()).write('hello');
  for (const peer of peers) {
    peer.write('hello');
    await readBytes(peer, 5);
  }
  expect(await endOfDial(port)).toMatch(/end|ECONNRESET/);
  await until('its count', () => it.refused.get('inbound-full') === 1);

  const [first] = it.tapped;
  if (first === undefined) throw new Error('none is open');
  expect(it.process.ban(first.connection)).toBe(true);
  for (const peer of peers) expect(await endOf(peer)).toMatch(/end|ECONNRESET/);
  expect(await endOfDial(port)).toMatch(/end|ECONNRESET/);
  await until('its count', () => it.refused.get('banned') === 1);
  await until('their ends', () => it.tapped.every(({ reason }) => reason === 'banned'));
  expect(behind.count()).toBe(16);
});

it('notices a circle that no option shows by its first connection, and says so in one line', async () => {
  const [one, two] = [await freePort(), await freePort()];
  // A spelling of 127.0.0.1 that only the system's look-up knows.
  const at = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });
  const it = await tap({
    forwards: [
      { listen: at(one), target: { host: '127.1', port: two } },
      { listen: at(two), target: { host: '127.1', port: one } },
    ],
  });
  for (let i = 0; i < 3; i++) expect(await endOfDial(one)).toMatch(/end|ECONNRESET/);
  await until('a warning', () => it.warnings.length > 0);
  expect(it.warnings.length).toBeLessThanOrEqual(2);
  expect(it.warnings[0]).toMatch(
    /^--forward .*: leads back to itself, so its connections are closed; give the/,
  );
  await until('their ends', () => [...it.process.connections()].length === 0);
});

it('says in one line where its port is taken', async () => {
  const taken = await server();
  await expect(
    startTap({ forwards: [{ listen: { ...ANY, port: taken.port }, target: { ...ANY, port: 1 } }] }),
  ).rejects.toThrow(
    `--forward 127.0.0.1:${taken.port}=127.0.0.1:1: can't be listened on: another program listens there`,
  );
});

it('closes an encrypted attempt with --tap-plain, unless it comes again without a plain one between', async () => {
  const behind = await server();
  const it = await tap({ targets: [behind.port], plain: true });
  const port = it.ports[0] ?? 0;
  const closed = async (): Promise<void> => {
    const attempt = await dialled(port);
    attempt.write(randomBytes(64));
    expect(await endOf(attempt)).toMatch(/end|ECONNRESET/);
  };
  // Core dials once more at once, with the old transport.
  await closed();
  expect(behind.count()).toBe(0);
  const second = await dialled(port);
  const version = encodeFrame(magic, 'version', Buffer.alloc(100));
  for (const byte of version) second.write(Buffer.of(byte));
  expect(await readBytes(await behind.next(), version.length)).toEqual(version);
  // It has shown that it comes back. So does a peer behind the same address.
  await closed();
  expect(behind.count()).toBe(1);
  // This one comes with encryption again: it knows no other transport.
  const third = await dialled(port);
  const random = randomBytes(64);
  third.write(random);
  expect(await readBytes(await behind.next(), 64)).toEqual(random);
  // What never sends 16 bytes is led on as it is.
  const short = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  short.end('short');
  expect((await readAll(await behind.next())).toString()).toBe('short');
  await until('its count', () => it.refused.get('encrypted-transport') === 2);
  await until('their copies', () => it.tapped.length === 3 && it.tapped[1]?.connection.isOpaque);
  expect(it.tapped.map(({ connection }) => connection.isOpaque)).toEqual([false, true, false]);
  await until('its bytes', () => it.tapped[2]?.in.bytes === 5);
});

it('tells when each message was read, on the clocks of this program', async () => {
  const { it, peer, node } = await through();
  const times: TapTime[] = [];
  it.bus.on('message', ({ time }) => times.push(time));
  const version = encodeFrame(magic, 'version', Buffer.alloc(100));
  for (let i = 0; i < 3; i++) {
    const before = { monotonicMs: performance.now(), wallMs: Date.now() };
    peer.write(version);
    await readBytes(node, version.length);
    const afterMs = performance.now();
    const time = await until('its copy', () => times[i]);
    // Both processes read the same clock; their offsets differ by the time of two readings at most.
    expect(time.monotonicMs).toBeGreaterThan(before.monotonicMs - 2);
    expect(time.monotonicMs).toBeLessThan(afterMs + 2);
    expect(time.wallMs).toBeGreaterThan(before.wallMs - 5);
    expect(time.wallMs).toBeLessThan(Date.now() + 5);
  }
});

it('says so where its process ends before it listens', async () => {
  const settings = tapSettings({ targets: [1] });
  const it = new TapProcess(settings, { bus: new EventBus(), warn: () => undefined });
  process.kill(it.pid ?? 0, 'SIGKILL');
  await it.ended;
  await expect(it.open()).rejects.toThrow('the process of the tap ended: signal SIGKILL');
});

it('tells the end of each connection where its process is killed', async () => {
  const { it, peer } = await through();
  peer.write('hello');
  await until('its copy', () => it.tapped[0]?.in.bytes === 5);
  process.kill(it.process.pid ?? 0, 'SIGKILL');
  expect(await it.process.ended).toBe('signal SIGKILL');
  expect(it.tapped[0]).toMatchObject({ reason: 'stopped', in: { skipped: { 'no-message': 5 } } });
  expect([...it.process.connections()]).toEqual([]);
});

it('tells the last bytes, and ends its connections, when it is closed', async () => {
  const { it, peer, node } = await through();
  const last = randomBytes(1_000_000);
  peer.write(last);
  expect((await readBytes(node, last.length)).equals(last)).toBe(true);
  const ends = Promise.all([endOf(peer), endOf(node)]);
  await it.process.close();
  expect(await it.process.ended).toBe('exit status 0');
  expect(it.tapped[0]).toMatchObject({ reason: 'stopped', in: { bytes: last.length } });
  for (const end of await ends) expect(end).toMatch(/end|ECONNRESET/);
});
