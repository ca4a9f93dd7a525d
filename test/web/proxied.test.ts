import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { Proxies } from '../../src/web/proxies';
import { listenHttp, portOf } from '../../src/web/server';

it('a trusted proxy may have as many as it needs, with an IPv4 or an IPv4-mapped address', async () => {
  const proxies = new Proxies(['127.0.0.1']);
  const server = await listenHttp({ host: '::', port: 0 }, (_, response) => response.end('served'), {
    isProxy: (address) => proxies.trusts(address),
    // The heads of the first ones wait until all are connected, however long this machine takes for that.
    ...{ headMs: 600_000, requestMs: 600_000 },
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
    socket.once('data', (answer: Buffer) => {
      if (answer.toString().startsWith('HTTP/1.1 200 ')) answers++;
    });
    socket.write('Host: localhost\r\n\r\n');
  }
  while (answers + closed < 100) await new Promise((resolve) => setImmediate(resolve));
  expect([answers, closed]).toEqual([100, 0]);
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  server.close();
});
