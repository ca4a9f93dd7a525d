import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { formatHost } from '../../src/p2p/join/host';

/** How a control port of a test behaves. */
export interface ControlBehaviour {
  /** The file of its cookie, which it writes. */
  readonly cookieFile?: string;
  readonly password?: string;
  /** The answers to commands, by their first words, instead of Tor's. */
  readonly answers?: Readonly<Record<string, string>>;
}

/** Tor's control port, as far as an onion service needs it (torspec `control-spec.txt`). */
export class TorControl {
  readonly commands: string[] = [];
  /** The onion services that exist, with the arguments of their ports. */
  readonly services = new Map<string, string>();
  private readonly sockets = new Set<Socket>();
  private readonly cookie = randomBytes(32);

  private constructor(
    private readonly server: Server,
    private readonly behaviour: ControlBehaviour,
    readonly port: number,
  ) {}

  static async start(behaviour: ControlBehaviour, port = 0): Promise<TorControl> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const control = new TorControl(server, behaviour, (server.address() as AddressInfo).port);
    const { cookieFile } = behaviour;
    if (cookieFile !== undefined) writeFileSync(cookieFile, control.cookie, { mode: 0o600 });
    server.on('connection', (socket) => control.serve(socket));
    return control;
  }

  get endpoint(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  /** Ends all connections, as a Tor that is started again. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.hangUp();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    const own: string[] = [];
    let isLoggedIn = false;
    let proof = '';
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      for (const service of own) this.services.delete(service);
    });
    let held = '';
    const answer = (line: string): string => {
      const [word = '', ...words] = line.split(' ');
      const other = this.behaviour.answers?.[word];
      if (other !== undefined) return other;
      if (word === 'PROTOCOLINFO') return this.protocolInfo();
      if (word === 'AUTHCHALLENGE') {
        const nonce = randomBytes(32);
        const text = Buffer.concat([this.cookie, Buffer.from(words[1] ?? '', 'hex'), nonce]);
        const hashOf = (direction: string): string =>
          createHmac('sha256', `Tor safe cookie authentication ${direction} hash`).update(text).digest('hex');
        proof = hashOf('controller-to-server');
        const hash = hashOf('server-to-controller').toUpperCase();
        return `250 AUTHCHALLENGE SERVERHASH=${hash} SERVERNONCE=${nonce.toString('hex').toUpperCase()}\r\n`;
      }
      if (word === 'AUTHENTICATE') {
        const { cookieFile, password } = this.behaviour;
        const given = words.join(' ');
        isLoggedIn =
          (cookieFile !== undefined && given === proof) ||
          (password !== undefined && given === `"${password.replace(/["\\]/g, '\\$&')}"`) ||
          (cookieFile === undefined && password === undefined);
        return isLoggedIn ? '250 OK\r\n' : '515 Authentication failed\r\n';
      }
      if (!isLoggedIn) return '514 Authentication required\r\n';
      if (word === 'ADD_ONION') return this.addOnion(words, own);
      return '510 Unrecognized command\r\n';
    };
    socket.setEncoding('latin1').on('data', (text: string) => {
      held += text;
      for (let end = held.indexOf('\r\n'); end >= 0; end = held.indexOf('\r\n')) {
        const line = held.slice(0, end);
        held = held.slice(end + 2);
        this.commands.push(line);
        socket.write(answer(line), 'latin1');
      }
    });
  }

  private protocolInfo(): string {
    const { cookieFile, password } = this.behaviour;
    const methods = [
      ...(cookieFile === undefined ? [] : ['COOKIE', 'SAFECOOKIE']),
      ...(password === undefined ? [] : ['HASHEDPASSWORD']),
    ];
    const file = cookieFile === undefined ? '' : ` COOKIEFILE="${cookieFile.replace(/["\\]/g, '\\$&')}"`;
    const auth = `250-AUTH METHODS=${methods.length === 0 ? 'NULL' : methods.join(',')}${file}`;
    return `250-PROTOCOLINFO 1\r\n${auth}\r\n250-VERSION Tor="0.4.9.1"\r\n250 OK\r\n`;
  }

  /** The address of a key of this server is made of its first bytes. */
  private addOnion([key = '', ...rest]: readonly string[], own: string[]): string {
    const isNew = key === 'NEW:ED25519-V3';
    const given = isNew ? `ED25519-V3:${randomBytes(64).toString('base64')}` : key;
    const address = Buffer.from(given.slice('ED25519-V3:'.length), 'base64').subarray(0, 32);
    const id = (formatHost({ network: 'torv3', address }) ?? '').replace('.onion', '');
    if (this.services.has(id)) return '550 Onion address collision\r\n';
    this.services.set(id, rest.join(' '));
    own.push(id);
    return `250-ServiceID=${id}\r\n${isNew ? `250-PrivateKey=${given}\r\n` : ''}250 OK\r\n`;
  }
}
