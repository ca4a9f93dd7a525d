import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { FailureError, messageOf } from '../../lib/errors';
import { type Endpoint, formatEndpoint } from '../endpoint';

/** A place where others can dial us. */
export class Listener {
  private constructor(
    private readonly server: Server,
    readonly endpoint: Endpoint,
  ) {}

  /**
   * Takes the place. Until `start`, whoever dials is hung up on.
   * @throws FailureError naming it where that can't be
   */
  static async bind(endpoint: Endpoint): Promise<Listener> {
    const server = createServer();
    // A program that ends before it starts to listen must not be held by this.
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

  /** Hands over each socket; `warn` gets a line where none can be had (no file descriptor is left). */
  start(taken: (socket: Socket) => void, warn: (message: string) => void): void {
    this.server.off('connection', hangUp);
    this.server.on('connection', taken);
    this.server.on('error', (error) =>
      warn(`--listen ${formatEndpoint(this.endpoint)}: a peer could not be let in: ${error.message}`),
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
