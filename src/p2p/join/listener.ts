import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { FailureError, messageOf } from '../../lib/errors';
import { type Endpoint, formatEndpoint } from '../endpoint';

/** A server socket for inbound connections. */
export class Listener {
  private constructor(
    private readonly server: Server,
    readonly endpoint: Endpoint,
  ) {}

  /**
   * Binds the socket. Until `start` every connection is closed at once.
   * @throws FailureError that names the endpoint if it can't be bound
   */
  static async bind(endpoint: Endpoint): Promise<Listener> {
    const server = createServer();
    // The socket must not keep a program alive that ends before it starts to listen.
    server.unref();
    server.on('connection', hangUp);
    server.listen(endpoint.port, endpoint.host);
    try {
      await once(server, 'listening');
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const reason = isTaken ? 'another program listens there' : messageOf(error);
      throw new FailureError(`--listen ${formatEndpoint(endpoint)}: can't be listened on: ${reason}`);
    }
    return new Listener(server, endpoint);
  }

  /**
   * Passes on each inbound socket. `warn` gets a line if one can't be accepted (no file descriptor is left).
   */
  start(taken: (socket: Socket) => void, warn: (message: string) => void): void {
    this.server.off('connection', hangUp);
    this.server.on('connection', taken);
    this.server.on('error', (error) =>
      warn(`--listen ${formatEndpoint(this.endpoint)}: a peer could not be accepted: ${error.message}`),
    );
    this.server.ref();
  }

  close(): void {
    this.server.close();
  }
}

function hangUp(socket: Socket): void {
  socket.destroy();
}
