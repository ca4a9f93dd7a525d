import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { encodeFrame, FrameReader } from '../../src/wire/framing';
import { type NetworkName, NETWORKS } from '../../src/wire/networks';

/** The claims of a fake peer. Each has a default. */
export interface FakeClaims {
  readonly version?: number;
  readonly userAgent?: string;
  readonly services?: bigint;
  readonly height?: number;
  readonly relay?: boolean;
  readonly nonce?: bigint;
  /** Of its clock, in Unix seconds; default 0. */
  readonly time?: number;
}

/** The payload of a `version` message. */
export function versionPayload(claims: FakeClaims = {}): Buffer {
  const userAgent = Buffer.from(claims.userAgent ?? '/fake:1/', 'latin1');
  const head = Buffer.alloc(80);
  head.writeInt32LE(claims.version ?? 70_016, 0);
  head.writeBigUInt64LE(claims.services ?? 9n, 4);
  head.writeBigInt64LE(BigInt(claims.time ?? 0), 12);
  head.writeBigUInt64LE(claims.nonce ?? 0n, 72);
  const length =
    userAgent.length < 0xfd
      ? Buffer.of(userAgent.length)
      : Buffer.of(0xfd, userAgent.length & 0xff, userAgent.length >> 8);
  const tail = Buffer.alloc(5);
  tail.writeInt32LE(claims.height ?? 0, 0);
  tail.writeUInt8(claims.relay === false ? 0 : 1, 4);
  return Buffer.concat([head, length, userAgent, tail]);
}

/** A message that a fake peer received. */
export interface ReceivedMessage {
  readonly command: string;
  readonly payload: Buffer;
}

/** A connection of a fake peer. */
export class FakeConnection {
  readonly got: ReceivedMessage[] = [];
  /** The messages that were sent by `send`. */
  readonly sent: { readonly command: string; readonly bytes: number }[] = [];
  /** The number of bytes received. */
  received = 0;
  /** The number of bytes sent. */
  written = 0;

  constructor(
    readonly socket: Socket,
    private readonly magic: number,
    onMessage: (connection: FakeConnection, message: ReceivedMessage) => void,
    /** Called where the first bytes are no message, as those of the encrypted transport. */
    onForeign?: () => void,
  ) {
    const reader = new FrameReader(magic, {
      arrived: () => undefined,
      message: (command, payload) => {
        const message = { command, payload };
        this.got.push(message);
        onMessage(this, message);
      },
      violation: (reason) => {
        if (this.got.length === 0 && onForeign !== undefined) {
          onForeign();
          return;
        }
        throw new Error(`the listener sent what is no message: ${reason}`);
      },
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      reader.push(chunk);
    });
  }

  send(command: string, payload: Buffer = Buffer.alloc(0)): void {
    const frame = encodeFrame(this.magic, command, payload);
    this.sent.push({ command, bytes: frame.length });
    this.raw(frame);
  }

  raw(bytes: Buffer): void {
    this.written += bytes.length;
    this.socket.write(bytes);
  }

  /** The commands of the messages received, in order. */
  commands(): string[] {
    return this.got.map(({ command }) => command);
  }
}

/**
 * Dials the listener as a peer from the loopback address `from`, and sends `version`. It completes the
 * handshake like {@link FakePeer}. Resolves once the connection is there.
 */
export async function dialListener(
  port: number,
  options: {
    readonly from?: string;
    readonly network?: NetworkName;
    readonly claims?: FakeClaims;
    /** Messages without payload that are sent before `verack`. */
    readonly features?: readonly string[];
    readonly mute?: boolean;
  } = {},
): Promise<FakeConnection> {
  const { magic } = NETWORKS[options.network ?? 'regtest'];
  const socket = connect({ port, host: '127.0.0.1', localAddress: options.from ?? '127.0.0.1' });
  const connection = new FakeConnection(socket, magic, (other, { command }) => {
    if (command !== 'version' || options.mute === true) return;
    for (const feature of options.features ?? []) other.send(feature);
    other.send('verack');
  });
  await once(socket, 'connect');
  if (options.mute !== true) connection.send('version', versionPayload(options.claims));
  return connection;
}

/**
 * A peer on a loopback port that does what its test says. It knows the plain transport alone, and hangs up on
 * whom dials by the encrypted one, like older nodes.
 */
export class FakePeer {
  readonly connections: FakeConnection[] = [];
  /** Number of connections by the encrypted transport, which `connections` lacks. */
  refused = 0;

  private constructor(
    private readonly server: Server,
    readonly host: string,
    readonly port: number,
  ) {}

  /**
   * Starts a peer. `onConnect` is called for each connection, `onMessage` for each message. Without them the
   * peer completes handshakes with the given `claims`.
   */
  static async start(
    options: {
      readonly network?: NetworkName;
      readonly claims?: FakeClaims;
      readonly host?: string;
      readonly port?: number;
      readonly onConnect?: (connection: FakeConnection) => void;
      readonly onMessage?: (connection: FakeConnection, message: ReceivedMessage) => void;
    } = {},
  ): Promise<FakePeer> {
    const { magic } = NETWORKS[options.network ?? 'regtest'];
    const greet = (connection: FakeConnection, { command }: ReceivedMessage): void => {
      if (command === 'version') connection.send('version', versionPayload(options.claims));
      if (command === 'verack') connection.send('verack');
    };
    const server = createServer((socket) => {
      const connection: FakeConnection = new FakeConnection(socket, magic, options.onMessage ?? greet, () => {
        peer.refused += 1;
        peer.connections.splice(peer.connections.indexOf(connection), 1);
        socket.destroy();
      });
      peer.connections.push(connection);
      options.onConnect?.(connection);
    });
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(server, 'listening');
    const { address, port } = server.address() as AddressInfo;
    const peer = new FakePeer(server, address, port);
    return peer;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
