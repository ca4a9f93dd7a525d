import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { toBase32 } from '../../src/lib/base32';

const encode = (bytes: Buffer): string => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '~');
const decode = (text: string): Buffer =>
  Buffer.from(text.replaceAll('-', '+').replaceAll('~', '/'), 'base64');

/** A destination is 391 bytes with the certificate of an Ed25519 key, and the secret keys follow it. */
const DESTINATION_BYTES = 391;

/** A private key such as i2pd makes. Nothing here signs with it. */
export function newPrivateKey(): Buffer {
  // Public keys, then the certificate: its type (5, a key certificate), 4 bytes, Ed25519 (7), ElGamal (0).
  return Buffer.concat([randomBytes(384), Buffer.from('05000400070000', 'hex'), randomBytes(288)]);
}

/** The address of a private key. */
export function nameOfKey(key: Buffer): string {
  return `${toBase32(hash('sha256', key.subarray(0, DESTINATION_BYTES), 'buffer'))}.b32.i2p`;
}

/** What one session of the bridge is. */
interface Session {
  readonly destination: Buffer;
  readonly control: Socket;
  /** Sockets on which `STREAM ACCEPT` waits. */
  readonly waiting: Socket[];
}

/** Replaces the reply to the requests that begin with some words; undefined where it is the usual one. */
export type SamOverride = (line: string, socket: Socket) => string | Buffer | null | undefined;

/**
 * A SAM bridge on a loopback port with a network of its own, in which all its sessions are. Its replies have
 * the words of i2pd 2.45.1, which `test/interop/i2pd.test.ts` asks. It connects streams as a router does,
 * without any cryptography.
 */
export class SamTestBridge {
  /** All lines that came, in order. */
  readonly lines: string[] = [];
  readonly sockets = new Set<Socket>();
  private readonly streams = new Set<Socket>();
  private readonly sessions = new Map<string, Session>();

  private constructor(
    private readonly server: Server,
    readonly endpoint: { readonly host: string; readonly port: number },
    private readonly override: SamOverride,
  ) {}

  /** Starts it. `override` may answer instead; null sends nothing. */
  static async start(override: SamOverride = () => undefined, port = 0): Promise<SamTestBridge> {
    const server = createServer((socket) => bridge.serve(socket));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const bridge = new SamTestBridge(server, endpoint, override);
    return bridge;
  }

  /** The number of sessions. */
  get sessionCount(): number {
    return this.sessions.size;
  }

  /** The number of sockets that are streams. */
  get streamCount(): number {
    return [...this.streams].filter(({ destroyed }) => !destroyed).length;
  }

  /** Cuts the connections that hold the sessions. */
  cutSessions(): void {
    for (const { control } of this.sessions.values()) control.destroy();
  }

  /** Cuts all streams. */
  cutStreams(): void {
    for (const socket of this.streams) socket.destroy();
  }

  /** Cuts all connections, like a router that restarts. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cutAll();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    let text = '';
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      for (const [id, { control }] of this.sessions) if (control === socket) this.sessions.delete(id);
    });
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\n');
      if (end < 0) return;
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      this.lines.push(line);
      const given = this.override(line, socket);
      const reply = given === undefined ? this.answer(line, socket, () => socket.off('data', read)) : given;
      if (reply !== null) socket.write(reply);
    };
    socket.on('data', read);
  }

  private answer(line: string, socket: Socket, becomesStream: () => void): string | null {
    const values = new Map(
      line
        .split(' ')
        .filter((word) => word.includes('='))
        .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    );
    const session = this.sessions.get(values.get('ID') ?? '');
    switch (line.split(' ', 2).join(' ')) {
      case 'HELLO VERSION':
        return 'HELLO REPLY RESULT=OK VERSION=3.1\n';
      case 'DEST GENERATE': {
        const key = newPrivateKey();
        return `DEST REPLY PUB=${encode(key.subarray(0, DESTINATION_BYTES))} PRIV=${encode(key)}\n`;
      }
      case 'SESSION CREATE': {
        const given = values.get('DESTINATION') ?? '';
        const key = given === 'TRANSIENT' ? newPrivateKey() : decode(given);
        const destination = key.subarray(0, DESTINATION_BYTES);
        this.sessions.set(values.get('ID') ?? '', { destination, control: socket, waiting: [] });
        return `SESSION STATUS RESULT=OK DESTINATION=${encode(key)}\n`;
      }
      case 'NAMING LOOKUP': {
        const name = values.get('NAME') ?? '';
        const found = [...this.sessions.values()].find(({ destination }) => nameOfKey(destination) === name);
        if (found === undefined) return `NAMING REPLY RESULT=INVALID_KEY NAME=${name}\n`;
        return `NAMING REPLY RESULT=OK NAME=${name} VALUE=${encode(found.destination)}\n`;
      }
      case 'STREAM ACCEPT':
        if (session === undefined) return 'STREAM STATUS RESULT=INVALID_ID\n';
        session.waiting.push(socket);
        becomesStream();
        // So that its end is seen. Nothing comes before a peer.
        socket.resume();
        return 'STREAM STATUS RESULT=OK\n';
      case 'STREAM CONNECT':
        if (session === undefined) return 'STREAM STATUS RESULT=INVALID_ID\n';
        return this.connect(session, decode(values.get('DESTINATION') ?? ''), socket, becomesStream);
      default:
        return 'SESSION STATUS RESULT=I2P_ERROR MESSAGE="unknown request"\n';
    }
  }

  private connect(from: Session, to: Buffer, socket: Socket, becomesStream: () => void): string {
    const session = [...this.sessions.values()].find(({ destination }) => destination.equals(to));
    const accepting = session?.waiting.shift();
    if (accepting === undefined) return 'STREAM STATUS RESULT=CANT_REACH_PEER\n';
    becomesStream();
    accepting.write(`${encode(from.destination)}\n`);
    socket.pipe(accepting).pipe(socket);
    for (const each of [socket, accepting]) this.streams.add(each);
    socket.once('close', () => accepting.destroy());
    accepting.once('close', () => socket.destroy());
    return 'STREAM STATUS RESULT=OK\n';
  }
}
