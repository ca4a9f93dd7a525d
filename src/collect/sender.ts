import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { type RefusalCode, type SenderMessage, readSenderMessage } from '../export/collect-protocol';
import type { Batch, Batches } from './batches';
import type { Intake } from './intake';
import { LineReader } from './line-reader';

/** What the connections of one collector share. */
export interface SenderModules {
  readonly intake: Intake;
  readonly batches: Batches;
  /** The token that senders must give; null where they need none. */
  readonly token: string | null;
  /** Told when the sender has shown that it may send. */
  readonly admitted: () => void;
  /** Told when it could not. */
  readonly turnedAway: () => void;
  /** Whether its address may try a token; told of by `wrongToken`. */
  readonly mayTry: () => boolean;
  /** Told when the sender gave a token that is wrong. */
  readonly wrongToken: () => void;
  /** Takes errors that no sender should be able to cause. */
  readonly fault: (error: unknown) => void;
}

/** What a sender may leave unread before it is given up: it is told a few bytes now and then. */
const MAX_UNREAD = 16_384;

/**
 * A connection with bytes that nobody read is reset when it is closed, and what was said last is lost with
 * it. So for so long what still comes is read for nothing.
 */
const LINGER_MS = 2_000;

/** How far the batch of a connection is. */
type BatchState = 'none' | 'coming' | 'complete' | 'confirmed';

/**
 * One connection of a sender of lines. It reads no faster than the exporters take, and whatever comes over it
 * ends at most this connection.
 */
export class Sender {
  /** For the log: the sender's address, or the socket. */
  readonly from: string;
  private readonly reader: LineReader;
  private isNew = true;
  private mayCome: boolean;
  /** Whether it speaks our protocol beside the lines. */
  private isAcked = false;
  private batch: Batch | undefined;
  /** Lines of the batch that were taken when it came before. */
  private toSkip = 0;
  private progress: BatchState = 'none';
  private isOver = false;
  private confirming = Promise.resolve();

  constructor(
    private readonly socket: Socket,
    private readonly modules: SenderModules,
  ) {
    this.from = socket.remoteAddress ?? 'the socket';
    this.mayCome = modules.token === null;
    this.reader = new LineReader({
      line: (text) => this.line(text),
      bad: (refusal) => {
        if (!this.mayCome) return this.refuse('token');
        this.count(() => {
          modules.intake.refuse(refusal, this.from);
          return false;
        });
        return true;
      },
    });
  }

  /** Whether it has shown that it may send. */
  get isAdmitted(): boolean {
    return this.mayCome;
  }

  /** Whether it is silent because of us: held back, or waiting for an answer. */
  get isWaiting(): boolean {
    return this.awaitsAnswer || this.modules.intake.isCrowded();
  }

  private get awaitsAnswer(): boolean {
    return this.progress === 'coming' || this.progress === 'complete';
  }

  /** Reads until the end. */
  async run(): Promise<void> {
    const { socket, modules } = this;
    try {
      for await (const bytes of socket as AsyncIterable<Buffer>) {
        if (this.isOver) continue;
        this.reader.push(bytes);
        await modules.intake.room();
      }
    } catch (error) {
      // Connections break, and their senders come again; anything else is a fault.
      if (!this.isOver && error !== socket.errored && !isAbort(error)) modules.fault(error);
    } finally {
      this.end();
      socket.destroy();
    }
  }

  /** Tells a sender whose batch is not safe yet that it is not forgotten. */
  reassure(): void {
    if (this.awaitsAnswer) this.say('wait');
  }

  /** Sends it away because it has not shown that it may send. */
  turnAway(): void {
    this.refuse('token');
  }

  /** Resolves once it waits for no answer. */
  finishUp(): Promise<void> {
    return this.confirming;
  }

  /** Ends the connection, once what was said has left. */
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
    if (text.startsWith('#')) return this.said(readSenderMessage(text), wasNew);
    if (!this.mayCome) return this.refuse('token');
    this.count(() => this.modules.intake.line(text, this.from, this.batch?.mayBeStored));
    return true;
  }

  /** Takes a line, or skips it where it came before. */
  private count(take: () => boolean): void {
    const { batch } = this;
    if (batch === undefined) {
      take();
    } else if (this.progress !== 'coming') {
      // Between two batches there is nothing.
      this.refuse('order');
    } else if (this.toSkip > 0) {
      this.toSkip -= 1;
    } else {
      batch.lines += 1;
      if (!take()) batch.refused += 1;
    }
  }

  private said(saying: SenderMessage, isNew: boolean): boolean {
    if (saying.kind === 'hello' && isNew) return this.greet(saying);
    if (!this.mayCome) return this.refuse('token');
    if (!this.isAcked) return true;
    if (saying.kind === 'batch') return this.begin(saying.id);
    if (saying.kind === 'end') return this.finish(saying.id);
    return true;
  }

  private greet({ version, token }: Extract<SenderMessage, { kind: 'hello' }>): boolean {
    const wanted = this.modules.token;
    if (!version) return this.refuse('version');
    if (wanted !== null) {
      if (token === null) return this.refuse('token');
      // Others of its address have guessed since it came.
      if (!this.modules.mayTry()) {
        this.end();
        return false;
      }
      if (!isSame(token, wanted)) {
        this.modules.wrongToken();
        return this.refuse('token');
      }
    }
    this.mayCome = true;
    this.isAcked = true;
    this.modules.admitted();
    this.say('ready');
    return true;
  }

  private begin(id: string): boolean {
    const { batches } = this.modules;
    if (this.awaitsAnswer || this.batch?.id === id) return this.refuse('order');
    // By going on it shows that it has the answer to the last one.
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
    const isSafe = await this.modules.intake.safe();
    if (!isSafe || this.isOver) return;
    this.progress = 'confirmed';
    this.say(`ok ${id} ${refused}`);
  }

  private refuse(why: RefusalCode): boolean {
    if (this.isOver) return false;
    if (!this.mayCome) this.modules.turnedAway();
    this.say(`refused ${why}`);
    this.end();
    return false;
  }

  private say(words: string): void {
    if (this.socket.writableLength > MAX_UNREAD) this.end();
    else if (this.socket.writable) this.socket.write(`${words}\n`, 'latin1');
  }
}

/** A socket that is destroyed while it is read breaks the reading off. */
function isAbort(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Compares without telling by the time it takes how much is right. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
