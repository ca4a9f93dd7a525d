import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports below those that the system gives to sockets that dial (32768 on Linux): such a socket could take a
 * free port meanwhile.
 */
const FIRST = 20_000;
const LAST = 32_000;

/** A TCP port of the loopback address `host` that nothing listens on. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    const server = createServer().listen(port, host);
    try {
      await once(server, 'listening');
    } catch {
      // The port is taken, so another one is tried.
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
