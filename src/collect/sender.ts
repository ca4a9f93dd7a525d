import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { type RefusalCode, type SenderMessage, readSenderMessage } from '../export/collect-protocol';
import type { Batch, Batches } from './batches';
import type { Intake } from './intake';
import { LineReader } from './line-reader';

/** Parts of the listener that a sender uses. */
export interface SenderModules {
  readonly intake: Intake;
  readonly batches: Batches;
  /** The token that senders must send; null where they need none. */
  readonly token: string | null;
  /** Called when the sender has sent the right token. */
  readonly admitted: () => void;
  /** Called when the sender is refused for its token. */
  readonly turnedAway: () => void;
  /** Whether the sender's address may try a token. */
  readonly mayTry: () => boolean;
  /** Called when the sender has sent a wrong token. */
  readonly wrongToken: () => void;
  /** Reports errors that no sender should be able to cause. */
  readonly fault: (error: unknown) => void;
}

/** A sender that leaves more bytes unread is given up: it is sent only a few bytes now and then. */
const MAX_UNREAD = 16_384;

/**
 * The kernel resets a connection that is closed with unread bytes, and the last message is lost. So for this
 * time, incoming bytes are read and ignored.
 */
const LINGER_MS = 2_000;

/** State of the batch of a connection. */
type BatchState = 'none' | 'coming' | 'complete' | 'confirmed';

/**
 * One connection of a sender of lines. It reads no faster than the exporters take points. Bad input ends only
 * this connection.
 */
export class Sender {
  /** The sender in the log: its address, or `the socket`. */
  readonly from: string;
  private readonly reader: LineReader;
  private isNew = true;
  private isAllowed: boolean;
  /** Whether the sender waits for confirmations. */
  private isAcked = false;
  private batch: Batch | undefined;
  /** Lines of the batch to skip, because they were taken when it was sent before. */
  private toSkip = 0;
  private progress: BatchState = 'none';
  private isOver = false;
  private confirming = Promise.resolve();

  constructor(
    private readonly socket: Socket,
    private readonly modules: SenderModules,
  ) {
    this.from = socket.remoteAddress ?? 'the socket';
    this.isAllowed = modules.token === null;
    this.reader = new LineReader({
      line: (text) => this.line(text),
      bad: (refusal) => {
        if (!this.isAllowed) return this.refuse('token');
        this.count(() => {
          modules.intake.refuse(refusal, this.from);
          return false;
        });
        return true;
      },
    });
  }

  /** Whether the sender may send lines. */
  get isAdmitted(): boolean {
    return this.isAllowed;
  }

  /** Whether the sender waits for us: it is held back, or waits for a confirmation. */
  get isWaiting(): boolean {
    return this.awaitsAnswer || this.modules.intake.isCrowded();
  }

  private get awaitsAnswer(): boolean {
    return this.progress === 'coming' || this.progress === 'complete';
  }

  /** Reads until the connection ends. */
  async run(): Promise<void> {
    const { socket, modules } = this;
    try {
      for await (const bytes of socket as AsyncIterable<Buffer>) {
        if (this.isOver) continue;
        this.reader.push(bytes);
        await modules.intake.room();
      }
    } catch (error) {
      // A broken connection is normal: its sender connects again. Any other error is ours.
      if (!this.isOver && error !== socket.errored && !isAbort(error)) modules.fault(error);
    } finally {
      this.end();
      socket.destroy();
    }
  }

  /** Sends a sign of life if the sender waits for a confirmation. */
  sendSignOfLife(): void {
    if (this.awaitsAnswer) this.reply('wait');
  }

  /** Refuses the sender because it has not sent a token. */
  turnAway(): void {
    this.refuse('token');
  }

  /** Resolves once the sender waits for no confirmation. */
  settled(): Promise<void> {
    return this.confirming;
  }

  /** Ends the connection once the written bytes have left. */
  readonly end = (): void => {
    if (this.isOver) return;
    this.isOver = true;
    if (this.batch !== undefined) this.modules.batches.leave(this.batch, this.end);
    this.socket.end();
    setTimeout(() => this.socket.destroy(), LINGER_MS).unref();
  };

  private line(text: string): boolean {
    if (this.isOver) return false;
    const wasNew = this.isNew;
    this.isNew = false;
    if (text.startsWith('#')) return this.handle(readSenderMessage(text), wasNew);
    if (!this.isAllowed) return this.refuse('token');
    this.count(() => this.modules.intake.line(text, this.from, this.batch?.mayBeStored));
    return true;
  }

  /** Takes a line of a batch, or skips it if it was taken before. */
  private count(take: () => boolean): void {
    const { batch } = this;
    if (batch === undefined) {
      take();
    } else if (this.progress !== 'coming') {
      // No line may come between two batches.
      this.refuse('order');
    } else if (this.toSkip > 0) {
      this.toSkip -= 1;
    } else {
      batch.lines += 1;
      if (!take()) batch.refused += 1;
    }
  }

  private handle(message: SenderMessage, isNew: boolean): boolean {
    if (message.kind === 'hello' && isNew) return this.greet(message);
    if (!this.isAllowed) return this.refuse('token');
    if (!this.isAcked) return true;
    if (message.kind === 'batch') return this.begin(message.id);
    if (message.kind === 'end') return this.finish(message.id);
    return true;
  }

  private greet({ version, token }: Extract<SenderMessage, { kind: 'hello' }>): boolean {
    const wanted = this.modules.token;
    if (!version) return this.refuse('version');
    if (wanted !== null) {
      if (token === null) return this.refuse('token');
      // Other senders of this address may have guessed tokens meanwhile.
      if (!this.modules.mayTry()) {
        this.end();
        return false;
      }
      if (!isSame(token, wanted)) {
        this.modules.wrongToken();
        return this.refuse('token');
      }
    }
    this.isAllowed = true;
    this.isAcked = true;
    this.modules.admitted();
    this.reply('ready');
    return true;
  }

  private begin(id: string): boolean {
    const { batches } = this.modules;
    if (this.awaitsAnswer || this.batch?.id === id) return this.refuse('order');
    // The next batch shows that the sender has the confirmation of the last one.
    if (this.batch !== undefined) batches.done(this.batch);
    this.batch = batches.begin(id, this.progress === 'none', this.end);
    this.toSkip = this.batch.lines;
    this.progress = 'coming';
    return true;
  }

  private finish(id: string): boolean {
    const { batch } = this;
    if (batch?.id !== id || this.progress !== 'coming') return this.refuse('order');
    this.progress = 'complete';
    this.confirming = this.confirm(batch);
    return true;
  }

  private async confirm({ id, refused }: Batch): Promise<void> {
    const isSafe = await this.modules.intake.flush();
    if (!isSafe || this.isOver) return;
    this.progress = 'confirmed';
    this.reply(`ok ${id} ${refused}`);
  }

  private refuse(why: RefusalCode): boolean {
    if (this.isOver) return false;
    if (!this.isAllowed) this.modules.turnedAway();
    this.reply(`refused ${why}`);
    this.end();
    return false;
  }

  private reply(words: string): void {
    if (this.socket.writableLength > MAX_UNREAD) this.end();
    else if (this.socket.writable) this.socket.write(`${words}\n`, 'latin1');
  }
}

/** Whether the socket was destroyed while it was read. */
function isAbort(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Compares in a time that does not depend on the contents. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
