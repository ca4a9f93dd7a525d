import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A proxy whose connections break after a number of bytes, by a reset on both sides or by silence. */
export interface ChaosProxy {
  readonly port: number;
  /** The number of connections so far. */
  readonly connections: () => number;
  /** Breaks no connection from now on. */
  heal(): void;
  stop(): Promise<void>;
}

/**
 * Starts one. `next` tells after how many bytes, of both directions together, the next connection breaks, and
 * how.
 */
export async function chaosProxy(
  target: number,
  next: () => { readonly bytes: number; readonly how: 'reset' | 'silence' },
): Promise<ChaosProxy> {
  const sockets = new Set<Socket>();
  let count = 0;
  let isHealed = false;
  const server = createServer((near) => {
    count += 1;
    const far = connect(target, '127.0.0.1');
    let { bytes: left } = next();
    const { how } = next();
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        const part = isHealed ? chunk : chunk.subarray(0, left);
        left -= part.length;
        to.write(part);
        if (part.length === chunk.length) return;
        near.pause();
        far.pause();
        if (how === 'silence') return;
        near.resetAndDestroy();
        far.resetAndDestroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    heal: () => (isHealed = true),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
