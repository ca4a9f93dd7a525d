import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { FailureError, messageOf } from '../lib/errors';
import { Throttle } from '../lib/throttle';
import { type Endpoint, formatEndpoint } from '../p2p/endpoint';
import { ignored } from './end-socket';

/** A port that is listened on. */
export interface Listening {
  readonly endpoint: Endpoint;
  readonly server: Server;
}

/**
 * Listens on `endpoint`. Sockets come paused, and have a listener for errors.
 * @param option names it in errors, such as `--socks 127.0.0.1:9150`
 * @throws FailureError of one line that names the option
 */
export async function listen(
  endpoint: Endpoint,
  option: string,
  taken: (socket: Socket) => void,
  warn: (message: string) => void,
): Promise<Listening> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', ignored);
    taken(socket);
  });
  server.listen({ host: endpoint.host, port: endpoint.port });
  try {
    await once(server, 'listening');
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const reason = isTaken ? 'another program listens there' : messageOf(error);
    throw new FailureError(`${option}: can't be listened on: ${reason}`);
  }
  const throttle = new Throttle(() => performance.now());
  server.on('error', (error) => {
    if (throttle.allows()) warn(`${option}: a connection could not be taken: ${messageOf(error)}`);
  });
  const address = server.address();
  const port = address === null || typeof address === 'string' ? endpoint.port : address.port;
  return { endpoint: { host: endpoint.host, port }, server };
}

/** `host:port` of the near end of a socket. */
export function localEnd({ localAddress = '', localPort = 0 }: Socket): string {
  return formatEndpoint({ host: localAddress, port: localPort });
}
