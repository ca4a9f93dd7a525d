import { once } from 'node:events';
import { createServer } from 'node:http';
import { type Socket, connect } from 'node:net';
import { portOf } from '../../src/web/server';
import { limitPendingHeads } from '../../src/web/pending-heads';

it('an address that opens connections and says nothing keeps as many as it may, and others get in', async () => {
  const server = createServer((_, response) => response.end('served'));
  server.maxConnections = 12;
  limitPendingHeads(server, 8);
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
