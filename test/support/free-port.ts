import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports below those that the system gives to sockets that dial (32768 on Linux): such a socket could take a
 * free port meanwhile.
 */
const FIRST = 20_000;
const LAST = 32_000;

/**
 * A TCP port of the loopback address `host` that nothing listens on. On Linux no other caller gets the same
 * one, on this machine and by any address, while this process lives.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if ((await isFree({ port, host })) && (await reserve(port))) return port;
  }
}

async function isFree(place: { readonly port: number; readonly host: string }): Promise<boolean> {
  const server = createServer().listen(place);
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/**
 * Takes a name that only one process can have: that of a socket without a file (abstract, unix(7)). Whoever
 * asked for the port starts a server on it later, and other tests, demos and scripts of this project ask for
 * ports meanwhile. Other systems have no such names.
 */
async function reserve(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const name = createServer().listen(`\0btcdmon-port-${port}`);
  try {
    await once(name, 'listening');
  } catch {
    return false;
  }
  name.unref();
  return true;
}
