import { once } from 'node:events';
import { createServer } from 'node:http';
import { type Socket, connect } from 'node:net';
import { Proxies } from '../../src/web/proxies';
import { listenHttp, portOf } from '../../src/web/server';
import { limitPendingHeads } from '../../src/web/pending-heads';

it('an address that opens silent connections keeps at most its limit, and others get in', async () => {
  const server = createServer((_, response) => response.end('served'));
  server.maxConnections = 12;
  limitPendingHeads(server, { maxPerAddress: 8 });
  server.listen(0, '::');
  await once(server, 'listening');
  const port = portOf(server);
  const silent: Socket[] = [];
  let closed = 0;
  for (let i = 0; i < 20; i++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    socket.on('error', () => undefined).on('close', () => closed++);
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\n');
    silent.push(socket);
  }
  while (closed < 12) await new Promise((resolve) => setImmediate(resolve));
  const other = await fetch(`http://127.0.0.1:${port}/`);
  expect(await other.text()).toBe('served');
  expect(closed).toBe(12);
  for (const socket of silent) socket.destroy();
  server.closeAllConnections();
  server.close();
});

it('a trusted proxy may have as many as it needs, with an IPv4 or an IPv4-mapped address', async () => {
  const proxies = new Proxies(['127.0.0.1']);
  const server = await listenHttp({ host: '::', port: 0 }, (_, response) => response.end('served'), {
    isProxy: (address) => proxies.trusts(address),
  });
  const sockets: Socket[] = [];
  let closed = 0;
  for (let i = 0; i < 100; i++) {
    const socket = connect({ port: portOf(server), host: '127.0.0.1' });
    socket.on('error', () => undefined).on('close', () => closed++);
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\n');
    sockets.push(socket);
  }
  // All of them get their answer.
  let answers = 0;
  for (const socket of sockets) {
    socket.once('data', () => answers++);
    socket.write('Host: localhost\r\n\r\n');
  }
  while (answers + closed < 100) await new Promise((resolve) => setImmediate(resolve));
  expect([answers, closed]).toEqual([100, 0]);
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  server.close();
});
