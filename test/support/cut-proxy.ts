import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A TCP proxy on loopback whose connections a test cuts or holds. */
export interface CutProxy {
  readonly port: number;
  /** The number of connections so far. */
  connections(): number;
  /** The number of connections that have not ended. */
  open(): number;
  /** Has the next message of the server cut near its beginning, and then the connection ended. */
  cutNext(): void;
  /** Passes no bytes on until `release`: a server that hangs. */
  hold(): void;
  release(): void;
  /** Ends every connection, and each new one at once, until `release`: a server that is away. */
  refuse(): void;
  stop(): Promise<void>;
}

/** Fewer than any message of a websocket or TLS has: several may come at once. */
const CUT_BYTES = 20;

/** Starts one in front of a port of 127.0.0.1. */
export async function cutProxy(target: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let count = 0;
  let isCutting = false;
  let isHeld = false;
  let isRefusing = false;
  const server = createServer((near) => {
    count += 1;
    if (isRefusing) {
      near.destroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      if (isHeld) from.pause();
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        if (!isCutting || from === near) {
          to.write(chunk);
          return;
        }
        isCutting = false;
        near.write(chunk.subarray(0, CUT_BYTES), () => {
          near.destroySoon();
          far.destroy();
        });
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    open: () => sockets.size / 2,
    cutNext: () => (isCutting = true),
    hold: () => {
      isHeld = true;
      for (const socket of sockets) socket.pause();
    },
    release: () => {
      isHeld = false;
      isRefusing = false;
      for (const socket of sockets) socket.resume();
    },
    refuse: () => {
      isRefusing = true;
      for (const socket of sockets) socket.destroy();
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
