import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A call of a node's RPC. */
interface RecordedCall {
  readonly method: string;
  /** When it passed, in Unix milliseconds. */
  readonly askedAt: number;
}

/** A TCP proxy in front of an RPC over plain HTTP whose node closes each connection, as btcd does. */
export interface RpcRecorder {
  readonly port: number;
  /** The calls so far, in their order. */
  readonly calls: readonly RecordedCall[];
  stop(): Promise<void>;
}

/** A request has its method within the first bytes. */
const MAX_REQUEST = 4_096;

/** Starts one in front of a port of 127.0.0.1. */
export async function startRpcRecorder(target: number): Promise<RpcRecorder> {
  const calls: RecordedCall[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    let request: string | undefined = '';
    near.on('data', (chunk: Buffer) => {
      if (request !== undefined && request.length < MAX_REQUEST) {
        request += chunk.toString('latin1');
        const method = /"method":"(\w+)"/.exec(request)?.[1];
        if (method !== undefined) {
          calls.push({ method, askedAt: Date.now() });
          request = undefined;
        }
      }
      far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => near.write(chunk));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('end', () => other.end());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
