import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { checksum } from '../wire/hash';
import { type CollectorReply, MAX_MESSAGE_LENGTH, hello, readCollectorReply } from './collect-protocol';
import type { LineBatch } from './line-exporter';

/** How to speak over a connection. */
export interface LinkOptions {
  /** Whether the other side is a collector that confirms. */
  readonly ack: boolean;
  /** What the collector wants to see first. */
  readonly token: string | null;
  /** Milliseconds without any progress, or sign of life, after which the other side counts as gone. */
  readonly timeoutMs: number;
  /** The same for each step until it can be used. */
  readonly openMs: number;
}

/** What waiting does not cure: a certificate that is not trusted, a token that is refused. */
export class LinkRefused extends Error {
  override readonly name = 'LinkRefused';
}

/** Milliseconds that what was written has to leave when the end comes. */
const END_MS = 1_000;

interface Waiting {
  readonly resolve: (answer: CollectorReply | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One connection to a receiver of line protocol, from dialling to its end. After its first failure it is of
 * no use any more.
 */
export class LineLink {
  private failure: Error | undefined;
  private waiting: Waiting | undefined;
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
   * Waits until a socket that is being connected can be used.
   * @throws LinkRefused where a later attempt would not help either
   */
  static async open(
    socket: Socket,
    ready: 'connect' | 'secureConnect',
    options: LinkOptions,
  ): Promise<LineLink> {
    const link = new LineLink(socket, options);
    const { ack, token, openMs } = options;
    await link.answer(openMs, (settle) => socket.once(ready, () => settle()));
    if (ack) {
      const answer = await link.answer(openMs, () => socket.write(hello(token)));
      if (answer?.kind !== 'ready') throw link.confused();
    }
    return link;
  }

  /** Whether it has not failed. */
  get isUsable(): boolean {
    return this.failure === undefined;
  }

  /**
   * Sends a batch. Where the other side confirms, waits for that.
   * @returns lines that the other side refused
   */
  async send(batch: LineBatch): Promise<number> {
    const { socket } = this;
    const { ack, timeoutMs } = this.options;
    const { lines } = batch;
    // Two machines that were copied with their spools use the same ids for different lines.
    const id = ack ? `${batch.id}-${checksum(lines).toString(16)}` : '';
    const answer = await this.answer(timeoutMs, (settle) => {
      if (!ack) {
        // Called once the kernel has all of it.
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
      // The other side's end, if it came before, is told in the next turn of the event loop.
      await nextTurn();
      if (this.failure !== undefined) throw this.failure;
      return 0;
    }
    if (answer?.kind !== 'ok' || answer.id !== id) throw this.confused();
    return answer.refused;
  }

  /** Lets what was written leave, for a moment, and ends. */
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

  /** Starts something, and waits until it is settled or the other side answers. One at a time. */
  private async answer(
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
      const answer = readCollectorReply(line);
      if (answer?.kind === 'refused') this.fail(new LinkRefused(answer.text));
      // Other receivers may say what they like.
      else if (!this.options.ack || answer?.kind === 'wait') continue;
      else if (answer === null) this.confused();
      else this.waiting?.resolve(answer);
    }
  }

  private confused(): Error {
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

/** What is wrong with the certificate of the other side, if that is why the connection failed. */
function refusalOf(socket: Socket): LinkRefused | undefined {
  const { authorizationError } = socket as Partial<TLSSocket>;
  // It is null before the handshake, and a code where the check failed, whatever the types say.
  if (!authorizationError) return undefined;
  return new LinkRefused(`its certificate can't be trusted: ${String(authorizationError)}`);
}
