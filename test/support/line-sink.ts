import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { type TlsOptions, createServer as createTlsServer } from 'node:tls';

/** A receiver of lines like Telegraf or VictoriaMetrics: it keeps them and answers nothing. */
export interface LineSink {
  readonly port: number;
  readonly connections: readonly Socket[];
  /** The complete lines of all connections. */
  lines(): string[];
  /** Stops reading, from later connections as well; or goes on. */
  stall(stalled: boolean): void;
  /** Resets all connections. */
  reset(): void;
  stop(): Promise<void>;
}

/** Starts a sink on a free port of loopback, on the given port, or on a Unix socket. */
export async function startSink(
  place: { readonly port?: number; readonly path?: string; readonly tls?: TlsOptions } = {},
): Promise<LineSink> {
  const connections: Socket[] = [];
  const received: { readonly lines: string[]; rest: string }[] = [];
  let isStalled = false;
  const take = (socket: Socket): void => {
    const text = { lines: [] as string[], rest: '' };
    received.push(text);
    connections.push(socket);
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text.rest + chunk).split('\n');
      text.rest = lines.pop() ?? '';
      text.lines.push(...lines);
    });
    if (isStalled) socket.pause();
  };
  const server: Server = place.tls === undefined ? createServer(take) : createTlsServer(place.tls, take);
  server.on('tlsClientError', () => undefined);
  if (place.path === undefined) server.listen(place.port ?? 0, '127.0.0.1');
  else server.listen(place.path);
  await once(server, 'listening');
  const destroyAll = (): void => {
    for (const socket of connections) socket.resetAndDestroy();
  };
  return {
    port: place.path === undefined ? (server.address() as AddressInfo).port : 0,
    connections,
    lines: () => received.flatMap(({ lines }) => lines),
    stall: (stalled) => {
      isStalled = stalled;
      for (const socket of connections) {
        if (stalled) socket.pause();
        else socket.resume();
      }
    },
    reset: destroyAll,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}
