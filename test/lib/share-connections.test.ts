import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { shareConnections } from '../../src/lib/share-connections';

const MAX = 12;
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

let server: Server;
let sockets: Socket[];
/** Connections of this test that have ended. */
let ended: { count: number };

async function listen(isExempt?: (address: string) => boolean): Promise<void> {
  server = createServer((_, response) => response.end('served'));
  shareConnections(server, MAX, isExempt);
  server.listen(0, '::');
  await once(server, 'listening');
}

beforeEach(() => {
  sockets = [];
  ended = { count: 0 };
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

/** Opens a connection from an address of this machine. */
async function open(from: string): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const tally = ended;
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => undefined).on('close', () => tally.count++);
  await once(socket, 'connect');
  sockets.push(socket);
  return socket;
}

/** Asks over a connection; resolves to whether there was an answer. */
async function isServed(socket: Socket): Promise<boolean> {
  const answered = new Promise<boolean>((resolve) => {
    socket.once('data', () => resolve(true)).once('close', () => resolve(false));
  });
  socket.write(REQUEST);
  return answered;
}

async function untilEnded(count: number): Promise<void> {
  while (ended.count < count) await new Promise((resolve) => setImmediate(resolve));
}

it('silent connections of one address give way to another address', async () => {
  await listen();
  for (let i = 0; i < MAX; i++) (await open('127.0.0.2')).write('GET / HTTP/1.1\r\n');
  expect(await isServed(await open('127.0.0.3'))).toBe(true);
  await untilEnded(1);
  expect(ended.count).toBe(1);
});

it('so do connections that were served and stay open', async () => {
  await listen();
  const kept: Socket[] = [];
  for (let i = 0; i < MAX; i++) kept.push(await open('127.0.0.2'));
  expect(await Promise.all(kept.map(isServed))).toEqual(kept.map(() => true));
  expect(await isServed(await open('127.0.0.3'))).toBe(true);
  await untilEnded(1);
  expect(kept[0]?.destroyed).toBe(true);
  expect(ended.count).toBe(1);
});

it('of one address alone, silent ones give way to newcomers, and served ones do not', async () => {
  await listen();
  const kept: Socket[] = [];
  for (let i = 0; i < MAX - 1; i++) kept.push(await open('127.0.0.2'));
  await Promise.all(kept.map(isServed));
  await open('127.0.0.2');
  const newcomer = await open('127.0.0.2');
  expect(await isServed(newcomer)).toBe(true);
  const surplus = await open('127.0.0.2');
  expect(await isServed(surplus)).toBe(false);
  expect(kept.filter(({ destroyed }) => destroyed)).toEqual([]);
  expect(ended.count).toBe(2);
});

it('addresses with one connection each keep theirs', async () => {
  await listen();
  for (let i = 0; i < MAX; i++) await open(`127.0.1.${i + 1}`);
  expect(await isServed(await open('127.0.2.1'))).toBe(false);
  expect(ended.count).toBe(1);
});

it('an exempt address keeps all of its connections, and needs no place of others', async () => {
  await listen((address) => address === '::ffff:127.0.0.9');
  const proxied: Socket[] = [];
  for (let i = 0; i < MAX - 2; i++) proxied.push(await open('127.0.0.9'));
  for (let i = 0; i < 2; i++) await open('127.0.0.2');
  // The exempt address has the most, and the other one loses.
  proxied.push(await open('127.0.0.9'));
  expect(await Promise.all(proxied.map(isServed))).toEqual(proxied.map(() => true));
  expect(ended.count).toBe(1);
});
