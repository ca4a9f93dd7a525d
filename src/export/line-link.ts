import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { checksum } from '../wire/hash';
import { type CollectorReply, MAX_MESSAGE_LENGTH, hello, readCollectorReply } from './collect-protocol';
import type { LineBatch } from './line-exporter';

/** How to use a connection. */
export interface LinkOptions {
  /** Whether the receiver is a collector that confirms batches. */
  readonly ack: boolean;
  /** The token for the collector; null for none. */
  readonly token: string | null;
  /** Milliseconds without progress or a sign of life after which the receiver counts as gone. */
  readonly timeoutMs: number;
  /** The same for each step of opening the connection. */
  readonly openMs: number;
}

/** A failure that no later attempt can cure: a certificate that is not trusted, a token that is refused. */
export class LinkRefused extends Error {
  override readonly name = 'LinkRefused';
}

/** Milliseconds in which written bytes must leave when the connection is closed. */
const END_MS = 1_000;

interface PendingReply {
  readonly resolve: (reply: CollectorReply | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One connection to a receiver of line protocol, from dialling to its end. After its first failure it can't
 * be used any more.
 */
export class LineLink {
  private failure: Error | undefined;
  private waiting: PendingReply | undefined;
  private text = '';

  private constructor(
    private readonly socket: Socket,
    private readonly options: LinkOptions,
  ) {
    socket.on('error', (error) => this.fail(refusalOf(socket) ?? error));
    socket.on('close', () => this.fail(new Error('the receiver closed the connection')));
    socket.on('timeout', () => this.fail(new Error(`no progress for ${(socket.timeout ?? 0) / 1_000} s`)));
    socket.on('data', (bytes: Buffer) => this.read(bytes));
  }

  /**
   * Waits until a connecting socket can be used.
   * @throws LinkRefused where a later attempt would not help either
   */
  static async open(
    socket: Socket,
    ready: 'connect' | 'secureConnect',
    options: LinkOptions,
  ): Promise<LineLink> {
    const link = new LineLink(socket, options);
    const { ack, token, openMs } = options;
    await link.waitForReply(openMs, (settle) => socket.once(ready, () => settle()));
    if (ack) {
      const reply = await link.waitForReply(openMs, () => socket.write(hello(token)));
      if (reply?.kind !== 'ready') throw link.unexpectedReply();
    }
    return link;
  }

  /** Whether the connection has not failed. */
  get isUsable(): boolean {
    return this.failure === undefined;
  }

  /**
   * Sends a batch. Waits for the confirmation of a collector.
   * @returns the number of lines that the collector refused
   */
  async send(batch: LineBatch): Promise<number> {
    const { socket } = this;
    const { ack, timeoutMs } = this.options;
    const { lines } = batch;
    // The checksum tells apart two machines that were copied with their spools: they use the same ids for
    // different lines.
    const id = ack ? `${batch.id}-${checksum(lines).toString(16)}` : '';
    const reply = await this.waitForReply(timeoutMs, (settle) => {
      if (!ack) {
        // The callback comes once the kernel has all bytes.
        socket.write(lines, settle);
        return;
      }
      socket.cork();
      socket.write(`#batch ${id}\n`);
      socket.write(lines);
      socket.write(`#end ${id}\n`);
      socket.uncork();
    });
    if (!ack) {
      // If the receiver has closed the connection, Node.js reports that in the next turn of the event loop.
      await nextTurn();
      if (this.failure !== undefined) throw this.failure;
      return 0;
    }
    if (reply?.kind !== 'ok' || reply.id !== id) throw this.unexpectedReply();
    return reply.refused;
  }

  /** Waits a moment until the written bytes have left, and closes the connection. */
  async close(): Promise<void> {
    const { socket } = this;
    if (this.waiting === undefined && this.isUsable) {
      const finished = new Promise<void>((resolve) => socket.end(resolve));
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([finished, new Promise((resolve) => (timer = setTimeout(resolve, END_MS)))]);
      clearTimeout(timer);
    }
    this.fail(new Error('the connection was closed'));
  }

  /** Starts an action and waits until it settles, or the receiver replies. One at a time. */
  private async waitForReply(
    timeoutMs: number,
    start: (settle: (error?: Error | null) => void) => void,
  ): Promise<CollectorReply | null> {
    try {
      return await new Promise<CollectorReply | null>((resolve, reject) => {
        if (this.failure !== undefined) {
          reject(this.failure);
          return;
        }
        this.waiting = { resolve, reject };
        this.socket.setTimeout(timeoutMs);
        start((error) => {
          if (error == null) resolve(null);
          else reject(error);
        });
      });
    } finally {
      this.waiting = undefined;
      this.socket.setTimeout(0);
    }
  }

  private read(bytes: Buffer): void {
    const lines = (this.text + bytes.toString('latin1')).split('\n');
    this.text = (lines.pop() ?? '').slice(0, MAX_MESSAGE_LENGTH);
    for (const line of lines) {
      const reply = readCollectorReply(line);
      if (reply?.kind === 'refused') this.fail(new LinkRefused(reply.text));
      // Other receivers may send anything.
      else if (!this.options.ack || reply?.kind === 'wait') continue;
      else if (reply === null) this.unexpectedReply();
      else this.waiting?.resolve(reply);
    }
  }

  private unexpectedReply(): Error {
    const error = new Error(
      'it did not answer as btcdmon-node collect does; with other receivers leave ack=on out',
    );
    this.fail(error);
    return error;
  }

  private fail(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.socket.destroy();
    this.waiting?.reject(error);
  }
}

/** The problem with the receiver's certificate, if the connection failed because of it. */
function refusalOf(socket: Socket): LinkRefused | undefined {
  const { authorizationError } = socket as Partial<TLSSocket>;
  // Against its type, it is null before the handshake, and a code where the check failed.
  if (!authorizationError) return undefined;
  return new LinkRefused(`its certificate can't be trusted: ${String(authorizationError)}`);
}
