import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { asciiLine } from '../../lib/ascii-line';
import { messageOf } from '../../lib/errors';
import type { Endpoint } from '../endpoint';
import { ControlError, ControlReader, type ControlReply } from './control-reader';

/** How long Tor may take to connect, and to answer a command. */
const PATIENCE_MS = 30_000;

/** One connection to Tor's control port, on which one command at a time is asked. */
export class ControlClient {
  /** Settles with the reason once the connection has ended. */
  readonly closed: Promise<Error>;
  private readonly reader = new ControlReader();
  private answer: ((reply: ControlReply | Error) => void) | null = null;
  private reason: Error | null = null;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (error) => this.fail(error));
    this.closed = once(socket, 'close').then(() => {
      this.fail(new ControlError('ended the connection'));
      return this.reason ?? new ControlError('ended the connection');
    });
  }

  /** @throws Error of one line where the port can't be reached */
  static async connect({ host, port }: Endpoint, signal: AbortSignal): Promise<ControlClient> {
    const socket = connect({ host, port });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    try {
      await once(socket, 'connect', { signal: limit });
    } catch (error) {
      socket.on('error', () => undefined).destroy();
      throw new ControlError(reachingProblem(error));
    }
    return new ControlClient(socket);
  }

  /** The address of this machine by which Tor is reached. */
  get localAddress(): string {
    return this.socket.localAddress ?? '127.0.0.1';
  }

  /**
   * Sends a command, and returns the lines of Tor's answer.
   * @throws ControlError with the code where Tor refuses it; Error where the connection ends
   */
  async ask(command: string): Promise<readonly string[]> {
    if (this.reason !== null) throw this.reason;
    const timer = setTimeout(() => this.fail(new ControlError('does not answer')), PATIENCE_MS);
    const reply = await new Promise<ControlReply | Error>((resolve) => {
      this.answer = resolve;
      this.socket.write(`${command}\r\n`);
    });
    clearTimeout(timer);
    if (reply instanceof Error) throw reply;
    if (reply.code !== 250)
      throw new RefusedError(reply.code, asciiLine(reply.lines.at(-1) ?? '').slice(0, 200));
    return reply.lines;
  }

  end(): void {
    this.fail(new ControlError('was left'));
  }

  private read(chunk: Buffer): void {
    try {
      for (const reply of this.reader.push(chunk)) {
        const { answer } = this;
        if (answer === null) throw new ControlError('answers what it was not asked');
        this.answer = null;
        answer(reply);
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new ControlError(messageOf(error)));
    }
  }

  private fail(error: Error): void {
    this.reason ??= error;
    this.socket.destroy();
    this.answer?.(this.reason);
    this.answer = null;
  }
}

/** Tor refuses a command. */
export class RefusedError extends ControlError {
  constructor(
    readonly code: number,
    text: string,
  ) {
    super(`answers ${code} ${text}`);
  }
}

function reachingProblem(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nobody listens there; does Tor run, with a ControlPort?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host';
  return name === 'AbortError' ? 'does not answer' : `can't be reached: ${messageOf(error)}`;
}
