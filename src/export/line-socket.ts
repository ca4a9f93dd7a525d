import { type Socket, connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { FailureError } from '../lib/errors';
import { type WriteResult, confirmed, unconfirmed } from '../metrics/write-result';
import { readCertificates, readSecretFile } from '../lib/secret';
import { TOKEN } from './collect-protocol';
import type { LineBatch, LineExporter } from './line-exporter';
import { LineLink, LinkRefused } from './line-link';

/** The receiver and how to reach it. */
export interface LineSocketOptions {
  readonly name: 'line+tcp' | 'line+tls' | 'line+unix';
  /** A host, without brackets, and its port, or the path of a Unix socket. */
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  /** The destination for messages. It identifies the spool. */
  readonly destination: string;
  /** Whether the receiver is a `btcdmon-node collect` that confirms each batch. */
  readonly ack: boolean;
  /** File with certificates (PEM) that are trusted instead of the system's. */
  readonly caFile?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** Milliseconds without progress after which the receiver counts as gone. */
  readonly timeoutMs: number;
}

/**
 * At the start the exporter checks whether the certificate or the token is refused, but it does not wait
 * longer for a receiver that is away.
 */
const FIRST_TIMEOUT_MS = 3_000;

/**
 * Line protocol over a connection, for Telegraf's socket listener, VictoriaMetrics, QuestDB and `btcdmon-node
 * collect`. TCP confirms nothing: `sent` is what the kernel took, and the bytes in its buffers are lost when
 * the receiver dies. If the kernel took only a part of a batch, the batch is sent again. With `ack` the
 * collector confirms batches, and nothing is lost. The receiver's name is looked up for each connection.
 */
export class LineSocketExporter implements LineExporter {
  readonly name: LineSocketOptions['name'];
  readonly destination: string;
  private link: LineLink | undefined;
  private ca: string | undefined;
  private token: string | null = null;

  constructor(
    private readonly options: LineSocketOptions,
    private readonly modules: { readonly env: NodeJS.ProcessEnv },
  ) {
    this.name = options.name;
    this.destination = options.destination;
  }

  async open(): Promise<void> {
    const { caFile, timeoutMs } = this.options;
    const what = `export ${this.name} ${this.destination}`;
    this.token = await this.readToken(what);
    if (caFile !== undefined) this.ca = await readCertificates(caFile, `${what}: ca-file=${caFile}`);
    try {
      const [socket, ready] = this.dial();
      this.link = await this.talk(socket, ready, Math.min(FIRST_TIMEOUT_MS, timeoutMs));
      socket.unref();
    } catch (error) {
      if (error instanceof LinkRefused) throw new FailureError(`${what}: ${error.message}`);
      // The receiver is away: the queue tries again and warns.
    }
  }

  async writeLines(batch: LineBatch): Promise<WriteResult> {
    if (this.link?.isUsable !== true) this.link = await this.connect();
    const refused = Math.min(await this.link.send(batch), batch.points);
    const sent = batch.points - refused;
    const rejection = refused > 0 ? 'the collector says why in its log' : undefined;
    return this.options.ack ? confirmed(sent, rejection) : unconfirmed(sent, rejection);
  }

  async close(): Promise<void> {
    await this.link?.close();
  }

  private async readToken(what: string): Promise<string | null> {
    const { tokenFile, ack } = this.options;
    // Only collectors check a token.
    if (!ack) return null;
    const token =
      tokenFile === undefined
        ? (this.modules.env['BTCDMON_COLLECT_TOKEN'] ?? '')
        : await readSecretFile(tokenFile, `${what}: token-file=${tokenFile}`);
    if (token === '') return null;
    if (!TOKEN.test(token))
      throw new FailureError(`${what}: a token has 1 to 256 printable ASCII characters and no space`);
    return token;
  }

  private connect(): Promise<LineLink> {
    const [socket, ready] = this.dial();
    // The socket must not keep the program running. In `open` it may: there is nothing else to wait for.
    socket.unref();
    return this.talk(socket, ready, this.options.timeoutMs);
  }

  private talk(socket: Socket, ready: 'connect' | 'secureConnect', openMs: number): Promise<LineLink> {
    const { ack, timeoutMs } = this.options;
    return LineLink.open(socket, ready, { ack, token: this.token, timeoutMs, openMs });
  }

  private dial(): readonly [Socket, 'connect' | 'secureConnect'] {
    const { name, address } = this.options;
    const options = { ...address, keepAlive: true, keepAliveInitialDelay: 60_000, noDelay: true };
    if (name !== 'line+tls') return [connectPlain(options), 'connect'];
    const servername =
      'host' in address && isIP(address.host) === 0 ? { servername: address.host.replace(/\.$/, '') } : {};
    const ca = this.ca === undefined ? {} : { ca: this.ca };
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 can't turn it off.
    const rules = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
    return [connectTls({ ...options, ...servername, ...ca, ...rules }), 'secureConnect'];
  }
}
