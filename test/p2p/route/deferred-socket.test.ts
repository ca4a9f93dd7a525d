import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { DeferredSocket } from '../../../src/p2p/route/deferred-socket';
import { Cleanup } from '../../support/cleanup';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A server on loopback that gives each connection to `taken`. */
async function serve(taken: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    taken(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.add(server, (it) => {
    for (const socket of sockets) socket.destroy();
    it.close();
  });
  return (server.address() as AddressInfo).port;
}

async function opened(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return socket;
}

it('passes bytes both ways once it is open, and its end after all of them', async () => {
  const port = await serve((socket) => {
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.on('end', () => socket.end());
  });
  const stream = new DeferredSocket(() => opened(port));
  const events: string[] = [];
  let got = '';
  stream.on('connect', () => {
    events.push('connect');
    stream.write('first ');
    expect(stream.writableLength).toBe(0);
    stream.write('second');
  });
  stream.on('data', (chunk: Buffer) => {
    got += chunk.toString();
    if (got.endsWith('second')) stream.end();
  });
  stream.on('close', () => events.push('close'));
  await once(stream, 'close');
  expect([got, events]).toEqual(['first second', ['connect', 'close']]);
});

it('emits the error of opening with its code, then close', async () => {
  const failing = Object.assign(new Error('no way'), { code: 'ECONNREFUSED' });
  const stream = new DeferredSocket(() => Promise.reject(failing));
  const events: string[] = [];
  stream.on('error', (error: NodeJS.ErrnoException) => {
    events.push(error.code ?? '');
    void Promise.resolve().then(() => events.push('later'));
  });
  stream.on('close', () => events.push('close'));
  await until('its end', () => events.includes('close'));
  expect(events).toEqual(['ECONNREFUSED', 'later', 'close']);
});

it('that is destroyed before it is open gives up, and ends a socket that comes late', async () => {
  let ended = 0;
  const port = await serve((socket) => socket.on('close', () => ended++));
  let aborted = false;
  let go: () => void = () => undefined;
  const stream = new DeferredSocket(async (signal) => {
    signal.addEventListener('abort', () => (aborted = true));
    await new Promise<void>((resolve) => (go = resolve));
    return opened(port);
  });
  stream.on('connect', () => {
    throw new Error('it was destroyed');
  });
  stream.destroy();
  go();
  await until('the end', () => ended === 1);
  expect(aborted).toBe(true);
});

it('that nobody reads stops its socket', async () => {
  let sent = 0;
  const chunk = Buffer.alloc(65_536);
  const port = await serve((socket) => {
    const fill = (): void => {
      while (sent < 1_000 && socket.write(chunk)) sent++;
    };
    socket.on('drain', fill);
    fill();
  });
  const stream = new DeferredSocket(() => opened(port));
  let got = 0;
  stream.on('data', ({ length }: Buffer) => (got += length));
  stream.pause();
  await once(stream, 'connect');
  let before = -1;
  while (sent > before) {
    before = sent;
    await sleep(100);
  }
  expect(sent).toBeLessThan(1_000);
  expect(stream.readableLength).toBeLessThan(1_000_000);
  stream.resume();
  await until('all bytes', () => got >= 900 * chunk.length);
  stream.destroy();
  await setImmediate();
});
