import { type Socket, connect } from 'node:net';
import { once } from 'node:events';
import { Loops } from '../../src/tap-child/loops';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { startServer } from '../support/tap';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const ignore = (): void => undefined;

async function dialled(port: number, localPort = 0): Promise<Socket> {
  const socket = cleanup.add(connect({ port, host: '127.0.0.1', localPort }), (it) => it.destroy());
  await once(socket, 'connect');
  return socket;
}

it('tells a circle where what was dialled arrives at the same way', async () => {
  const tap = cleanup.add(await startServer(), (it) => it.stop());
  await dialled(tap.port);
  const arrived = await tap.next();
  const onward = await dialled(tap.port);
  const back = await tap.next();

  const loops = new Loops();
  const way = {};
  const [first, second] = [
    { way, destroy: ignore },
    { way, destroy: ignore },
  ];
  expect(loops.arrived(first, arrived)).toBe(false);
  expect(loops.dialled(first, onward)).toBe(false);
  expect(loops.arrived(second, back)).toBe(true);
  expect(loops.before(second)).toHaveLength(1);
});

it('tells no circle where the system gives the same port to a peer and to the connection to the node', async () => {
  const tap = cleanup.add(await startServer(), (it) => it.stop());
  const node = cleanup.add(await startServer(), (it) => it.stop());
  // Only sockets that are bound, not just connected, may share a port.
  const peer = await dialled(tap.port, await freePort());
  const arrived = await tap.next();
  const onward = await dialled(node.port, peer.localPort);
  expect(onward.localPort).toBe(arrived.remotePort);

  const loops = new Loops();
  const passage = { way: {}, destroy: ignore };
  expect(loops.arrived(passage, arrived)).toBe(false);
  expect(loops.dialled(passage, onward)).toBe(false);
});
