import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { messageOf } from '../../lib/errors';
import { systemTimer, type Timer } from '../../lib/timer';
import { type Endpoint, formatEndpoint } from '../endpoint';
import { FirstLine } from './first-line';
import { parseSamReply, resultProblem, SamError, type SamReply } from './sam-reply';

/** A router may search its network for minutes; Core 31 `src/i2p.cpp` SendRequestAndGetReply. */
export const REPLY_MS = 180_000;

/** The bridge, and what its connections are made with. */
export interface SamBridge {
  readonly endpoint: Endpoint;
  /** Default: the system's timer. */
  readonly timer?: Timer;
}

/**
 * A connection to the SAM bridge of an I2P router (SAM v3.1, https://geti2p.net/en/docs/api/samv3). Lines go
 * both ways until the bridge connects a stream; from then on it is that stream.
 */
export class SamSocket {
  private constructor(
    /** The socket, which is the stream once the bridge has connected one. */
    readonly socket: Socket,
    private readonly name: string,
    private readonly timer: Timer,
  ) {}

  /**
   * Connects and says hello.
   * @param signal ends it, also later on
   * @throws SamError naming the bridge
   */
  static async open({ endpoint, timer = systemTimer }: SamBridge, signal: AbortSignal): Promise<SamSocket> {
    const name = `the SAM bridge ${formatEndpoint(endpoint)}`;
    const socket = connect({ ...endpoint, noDelay: true, signal });
    // The reason is in what fails by it.
    socket.on('error', () => undefined);
    try {
      await once(socket, 'connect');
    } catch (error) {
      throw new SamError(`${name} can't be reached: ${messageOf(error)}`);
    }
    const sam = new SamSocket(socket, name, timer);
    await sam.request('HELLO VERSION MIN=3.1 MAX=3.1');
    return sam;
  }

  /** Calls `closed` once the connection has ended. */
  onClose(closed: () => void): void {
    if (this.socket.closed) closed();
    else this.socket.once('close', closed);
  }

  /**
   * Sends a request, and returns the reply to it. The result of the reply is OK, or it has none.
   * @throws SamError that shows the first two words of the request; the rest may be a key
   */
  async request(text: string): Promise<SamReply> {
    const words = text.split(' ', 2).join(' ');
    this.socket.write(`${text}\n`);
    const line = await this.readLine(words, REPLY_MS);
    try {
      const reply = parseSamReply(line);
      // The reply to DEST GENERATE alone has no result.
      if (reply.values.get('RESULT') === 'OK' || reply.topic === 'DEST REPLY') return reply;
      throw resultProblem(reply);
    } catch (error) {
      this.close();
      throw this.problem(words, error);
    }
  }

  /**
   * Reads a line, and leaves the bytes after it unread.
   * @param words the first words of the request, for errors
   * @param withinMs how long it may take; default: as long as the connection lasts
   * @throws SamError; the connection is then closed
   */
  readLine(words: string, withinMs?: number): Promise<string> {
    const { socket } = this;
    return new Promise((resolve, reject) => {
      const firstLine = new FirstLine();
      let cancel: (() => void) | undefined;
      const done = (): void => {
        cancel?.();
        socket.off('readable', read);
        socket.off('close', closed);
      };
      const fail = (error: unknown): void => {
        done();
        this.close();
        reject(this.problem(words, error));
      };
      const closed = (): void => fail(new SamError('hung up'));
      const read = (): void => {
        try {
          for (;;) {
            const chunk = socket.read() as Buffer | null;
            if (chunk === null) return;
            const found = firstLine.push(chunk);
            if (found === null) continue;
            done();
            if (found.rest.length > 0) socket.unshift(found.rest);
            resolve(found.line);
            return;
          }
        } catch (error) {
          fail(error);
        }
      };
      if (withinMs !== undefined)
        cancel = this.timer(withinMs, () => fail(new SamError(`was silent for ${withinMs / 1_000} s`)));
      socket.on('readable', read);
      socket.on('close', closed);
      if (socket.closed) closed();
      else read();
    });
  }

  close(): void {
    this.socket.destroy();
  }

  /** An error that names the bridge and what it was asked. */
  problem(words: string, error: unknown): SamError {
    const result = error instanceof SamError ? error.result : undefined;
    return new SamError(`${this.name}, asked for ${words}, ${messageOf(error)}`, result);
  }
}
