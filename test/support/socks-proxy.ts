import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { SocksHandshake } from '../../src/tap-child/socks-handshake';
import { encodeReply, type SocksReply } from '../../src/tap-child/socks-protocol';

/** What a client of the proxy asked for. */
export interface AskedTarget {
  /** The host as it came, and the port. */
  readonly target: string;
  /** The user name that came with it; null without. */
  readonly user: string | null;
}

/** How a proxy of a test behaves. */
export interface ProxyBehaviour {
  /** The port of loopback that a target leads to, or the answer that it gets. */
  readonly lead?: (host: string, port: number) => number | SocksReply;
  /** The only user and password that it takes; any where it is left out. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Whether it asks for no login, even of a client that offers one. */
  readonly isOpen?: boolean;
  /** Takes the place of the protocol. */
  readonly instead?: (socket: Socket) => void;
}

/** A SOCKS5 server on a port of loopback that leads names and addresses to other ports of loopback. */
export class SocksProxy {
  readonly asked: AskedTarget[] = [];
  /** Number of clients so far. */
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(behaviour: ProxyBehaviour, port = 0): Promise<SocksProxy> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new SocksProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (socket) => {
      proxy.connections += 1;
      proxy.keep(socket);
      if (behaviour.instead === undefined) proxy.serve(socket, behaviour);
      else behaviour.instead(socket);
    });
    return proxy;
  }

  /** `host:port`, as `--proxy` takes it. */
  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private keep(socket: Socket): Socket {
    this.sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
  }

  private serve(socket: Socket, { lead = () => 'host-unreachable', login, isOpen }: ProxyBehaviour): void {
    let isRefused = false;
    const handshake = new SocksHandshake((bytes) => {
      if (isRefused) return;
      // The only answer with version 1 is that to a login.
      if (bytes[0] === 1 && login !== undefined) {
        isRefused = !seen.includes(login.user) || !seen.includes(login.password);
        socket.write(Buffer.of(1, isRefused ? 1 : 0));
      } else socket.write(bytes);
    });
    let seen = '';
    const read = (chunk: Buffer): void => {
      seen += chunk.toString('latin1');
      // A client that offers both is served without a login: the second method is not read.
      const offers = isOpen === true && chunk[0] === 5 && chunk[1] === 2 ? Buffer.of(5, 1, 0) : chunk;
      const step = handshake.push(offers);
      if (isRefused || step.kind === 'failed') socket.end();
      if (isRefused || step.kind !== 'request') return;
      socket.off('data', read).pause();
      const { host, port, login: given } = step.request;
      const { message } = given;
      const user = message === null ? null : message.toString('latin1', 2, 2 + (message[1] ?? 0));
      this.asked.push({ target: `${host}:${port}`, user });
      this.lead(socket, lead(host, port));
    };
    socket.on('data', read);
  }

  private lead(socket: Socket, to: number | SocksReply): void {
    if (typeof to === 'string') {
      socket.end(encodeReply(to));
      return;
    }
    const peer = this.keep(connect({ port: to, host: '127.0.0.1' }));
    peer.on('connect', () => {
      socket.write(encodeReply('granted', { host: '127.0.0.1', port: to }));
      socket.pipe(peer).pipe(socket);
    });
    peer.on('close', () => socket.destroy());
    socket.on('close', () => peer.destroy());
  }
}
