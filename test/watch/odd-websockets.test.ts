import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { SystemClock } from '../../src/lib/clock';
import { BtcdNotifications } from '../../src/watch/btcd-notifications';
import { Cleanup } from '../support/cleanup';
import { TestTimer } from '../support/test-timer';
import { until } from '../support/until';
import { placeAt } from './place-at';

const HASH = 'ab'.repeat(32);

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Notifications of a port, whose time the test owns, and what they told. */
function subscribe(port: number) {
  const timer = new TestTimer();
  const told: string[] = [];
  const notifications = cleanup.add(
    new BtcdNotifications(
      placeAt({ port }),
      {
        block: ({ height }) => told.push(`block ${height}`),
        transaction: ({ bytes }) => told.push(`transaction ${bytes?.length}`),
        begun: () => told.push('begun'),
        gap: ({ reason }) => told.push(`gap: ${reason}`),
        lost: ({ kind, reason }) => told.push(`lost: ${kind}: ${reason}`),
      },
      { clock: new SystemClock(), timer: timer.start, isAnswering: () => true, warn: () => undefined },
    ),
    (it) => it.close(),
  );
  notifications.start();
  return { told, timer };
}

/**
 * A websocket's server that confirms subscriptions, unless `answer` says otherwise, and then says `after`.
 */
async function serve(after: (socket: WebSocket, n: number) => void, answer = '"result":null,"error":null') {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  let count = 0;
  server.on('connection', (socket) => {
    const n = ++count;
    socket.on('message', (data: Buffer) => {
      const { id } = JSON.parse(data.toString()) as { id: number };
      socket.send(`{${answer},"id":${id}}`);
      if (id === 2) after(socket, n);
    });
  });
  cleanup.add(server, (it) => {
    for (const socket of it.clients) socket.terminate();
    it.close();
  });
  return (server.address() as AddressInfo).port;
}

const notice = (method: string, ...params: unknown[]): string => JSON.stringify({ method, params, id: null });

describe('a websocket', () => {
  it('that notifies of other things is not disturbed by them', async () => {
    const port = await serve((socket) => {
      socket.send(notice('filteredblockconnected', 1, 'ab', []));
      socket.send(notice('new-in-a-later-version'));
      socket.send(notice('txacceptedverbose', { txid: HASH, hex: 'zz' }));
      socket.send(notice('blockconnected', HASH, 5, 'soon'));
    });
    const { told } = subscribe(port);
    await until('the block', () => told.includes('block 5'));
    expect(told).toEqual(['begun', 'transaction undefined', 'block 5']);
  });

  it.each([
    ['garbage', 'garbage', 'odd-answer: sent a notification that can not be read'],
    ['a list', '[]', 'odd-answer'],
    ['a block without a hash', notice('blockconnected', 'x', 5), 'odd-answer'],
    ['a block of no height', notice('blockconnected', HASH, -1), 'odd-answer'],
    ['a transaction without a txid', notice('txacceptedverbose', {}), 'odd-answer'],
    ['a message of 65 MB', 'x'.repeat(65_000_000), 'not-json: the websocket is broken'],
  ])('that sends %s is opened anew, with a gap', async (_, text, reason) => {
    const port = await serve((socket, n) => {
      if (n === 1) socket.send(text);
    });
    const { told, timer } = subscribe(port);
    await until('the end', () => told.length === 2);
    expect(told[0]).toBe('begun');
    expect(told[1]).toContain(`lost: ${reason}`);
    timer.pass(1_000);
    await until('the gap', () => told.length === 3);
    expect(told[2]).toMatch(/^gap: \w+/);
  });

  it('that refuses to notify is tried again after a pause', async () => {
    const port = await serve(() => undefined, '"result":null,"error":{"code":-1,"message":"not\\nyou"}');
    const { told, timer } = subscribe(port);
    await until('the end', () => told.length === 1);
    expect(told).toEqual(['lost: rpc: refuses to notify: not you']);
    timer.pass(1_000);
    await until('the next end', () => told.length === 2);
  });

  it('that never answers is given up', async () => {
    const sockets: { destroy(): unknown }[] = [];
    const silent = createServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanup.add(silent, (it) => {
      for (const socket of sockets) socket.destroy();
      it.close();
    });
    const { told, timer } = subscribe((silent.address() as AddressInfo).port);
    await until('the connection', () => sockets.length === 1);
    timer.pass(29_999);
    expect(told).toEqual([]);
    timer.pass(1);
    expect(told).toEqual(['lost: timeout: no websocket within 30 s']);
  });

  it('is one line where there is none, as at a Core', async () => {
    const core = createHttpServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    core.on('upgrade', (_, socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    await once(core, 'listening');
    cleanup.add(core, (it) => void it.close());
    const { told } = subscribe((core.address() as AddressInfo).port);
    await until('the end', () => told.length === 1);
    expect(told).toEqual(['lost: not-json: has no websocket: HTTP status 404; is it the RPC of a btcd?']);
  });
});
