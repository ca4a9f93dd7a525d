import type { Socket } from 'node:net';
import type { Endpoint } from '../p2p/endpoint';
import { dial } from './dial';
import type { SocksRequest } from './socks-handshake';
import { AUTH_VERSION, NO_AUTH, SOCKS_VERSION, USER_PASSWORD, readAddress } from './socks-protocol';

/** What an upstream proxy answered. */
export interface UpstreamAnswer {
  readonly socket: Socket;
  /** The bytes of its reply, which the client gets unchanged: Tor has its own codes. */
  readonly reply: Buffer;
  readonly isGranted: boolean;
  /** Bytes of the peer that came with the reply. */
  readonly early: Buffer;
}

/** The proxy did not speak SOCKS5, refused the login, or ended. */
class UpstreamError extends Error {}

/**
 * Sends a request on by another SOCKS proxy, with the client's own login. `begun` gets the socket once it is
 * connected.
 * @throws UpstreamError, or the error of the system where the proxy can't be reached or takes too long
 */
export async function askUpstream(
  proxy: Endpoint,
  request: SocksRequest,
  ms: number,
  begun: (socket: Socket) => void,
): Promise<UpstreamAnswer> {
  const deadline = performance.now() + ms;
  const socket = await dial(proxy, ms);
  const reader = new ReplyReader(socket, deadline - performance.now());
  try {
    begun(socket);
    const { methods, message } = request.login;
    socket.write(Buffer.from([SOCKS_VERSION, methods.length, ...methods]));
    const [version, method] = await reader.bytes(2);
    if (version !== SOCKS_VERSION) throw new UpstreamError('it does not speak SOCKS5');
    if (method === USER_PASSWORD && message !== null) {
      socket.write(message);
      const [authVersion, status] = await reader.bytes(2);
      if (authVersion !== AUTH_VERSION || status !== 0) throw new UpstreamError('it refuses the login');
    } else if (method !== NO_AUTH) {
      throw new UpstreamError('it wants a login that the node does not give');
    }
    socket.write(request.bytes);
    const reply = await reader.reply();
    return { socket, reply, isGranted: reply[1] === 0, early: reader.finish() };
  } catch (error) {
    reader.finish();
    socket.destroy();
    throw error;
  }
}

/** Reads the answers of a proxy. */
class ReplyReader {
  private held: Buffer = Buffer.alloc(0);
  private error: Error | null = null;
  private wake: () => void = () => undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly socket: Socket,
    ms: number,
  ) {
    socket.on('data', this.read);
    socket.once('end', this.over).once('close', this.over);
    this.timer = setTimeout(() => {
      this.fail(Object.assign(new Error('the proxy took too long'), { code: 'ETIMEDOUT' }));
    }, ms);
    socket.resume();
  }

  /** The next `length` bytes. */
  async bytes(length: number): Promise<Buffer> {
    while (this.held.length < length) await this.more();
    const bytes = this.held.subarray(0, length);
    this.held = this.held.subarray(length);
    return bytes;
  }

  /** A whole reply. */
  async reply(): Promise<Buffer> {
    for (;;) {
      const address = this.held.length < 4 ? undefined : readAddress(this.held.subarray(3));
      if (address === null || (this.held.length > 0 && this.held[0] !== SOCKS_VERSION))
        throw new UpstreamError('its reply is not SOCKS5');
      if (address !== undefined) return this.bytes(3 + address.length);
      await this.more();
    }
  }

  /** Pauses the socket, and returns the bytes after the answers. */
  finish(): Buffer {
    clearTimeout(this.timer);
    this.socket.pause();
    this.socket.off('data', this.read).off('end', this.over).off('close', this.over);
    return this.held;
  }

  private async more(): Promise<void> {
    const { length } = this.held;
    while (this.held.length === length) {
      if (this.error !== null) throw this.error;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private readonly read = (chunk: Buffer): void => {
    this.held = Buffer.concat([this.held, chunk]);
    this.wake();
  };

  private readonly over = (): void => this.fail(new UpstreamError('it ended the connection'));

  private fail(error: Error): void {
    this.error ??= error;
    this.wake();
  }
}
