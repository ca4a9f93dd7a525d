import { collectAll } from '../lib/collect-garbage';
import { messageOf } from '../lib/errors';
import { fileMarks } from '../store/process/file-marks';
import type { FromStore, ToStore } from '../store/process/messages';
import { encodeError } from '../store/process/wire-error';
import { SettledTime } from '../lib/settled-time';
import { isFatal, isOutOfMemory } from '../store/open-errors';
import { outdatedSeries } from '../store/tables';
import { type Retention, keepRetention } from '../store/retention';
import { type OpenedStore, openUnlocked } from './open-unlocked';
import { Probe } from './probe';
import { Questions } from './questions';

/**
 * After this time without a write the freed memory is given back. An idle node writes once an interval, 5 s;
 * its store then takes 8 MB less until the next write. A busy one writes more often and reuses the memory.
 */
const QUIET_MS = 500;

/** The least time between two such rests: each collects all garbage. */
const REST_EVERY_MS = 2_500;

/** How the server of a store answers, and ends its process. */
export interface StoreServerModules {
  /** Sends a message; returns the bytes that it takes. */
  readonly send: (message: FromStore) => number;
  /** Ends this process; `why` is for the log of the program that started it. */
  readonly end: (why?: string) => void;
}

/** Serves a store to the process on the other end of a pipe. */
export class StoreServer {
  private opened: OpenedStore | undefined;
  private questions: Questions | undefined;
  private probe: Probe | undefined;
  private retention: Retention | undefined;
  private quiet: NodeJS.Timeout | undefined;
  private restedMs = -Infinity;
  /** Whether the store takes memory that opening it anew would give back. */
  private hasGrown = false;

  constructor(private readonly modules: StoreServerModules) {}

  received(message: ToStore): void {
    switch (message.kind) {
      case 'open':
        void this.open(message);
        break;
      case 'write':
        void this.write(message);
        break;
      case 'ask':
        void this.questions?.ask(message.id, message.question);
        break;
      case 'cancel':
        this.questions?.cancel(message.id);
        break;
      case 'taken':
        this.questions?.taken(message.id, message.bytes);
        break;
      case 'ping':
        void this.giveSign();
        break;
      case 'retain':
        this.retain(message);
        break;
      case 'close':
        void this.close();
        break;
    }
  }

  private async open({ path, ...how }: Extract<ToStore, { kind: 'open' }>): Promise<void> {
    try {
      const lost = (points: number): void => void this.modules.send({ kind: 'lost', points });
      const committing = (): void => void this.modules.send({ kind: 'committing', marks: fileMarks(path) });
      this.opened = await openUnlocked(path, how, { warn: this.warn, lost, committing });
      const { holder } = this.opened;
      this.questions = new Questions({ holder, send: this.modules.send, failed: this.failed });
      this.probe = new Probe(holder);
      this.modules.send({ kind: 'opened', outdated: outdatedSeries(holder.store.layout) });
    } catch (error) {
      this.modules.send({ kind: 'unopened', error: encodeError(error) });
    }
  }

  private async giveSign(): Promise<void> {
    await this.probe?.ask();
    this.modules.send({ kind: 'pong' });
  }

  private async write({ groups, mayBeStored }: Extract<ToStore, { kind: 'write' }>): Promise<void> {
    const writer = this.opened?.writer;
    clearTimeout(this.quiet);
    try {
      if (writer === undefined) throw new Error('the store is open for reading');
      await writer.writeColumns(groups, mayBeStored);
      this.modules.send({ kind: 'written' });
      const waitMs = Math.max(QUIET_MS, this.restedMs + REST_EVERY_MS - performance.now());
      this.quiet = setTimeout(() => void this.settle(), waitMs);
    } catch (error) {
      this.failed(error, false);
      // Opening the file anew here would end the panels' queries; the next process answers them.
      if (writer?.mustReopen === true && this.questions?.hasStatements === true)
        this.modules.end(messageOf(error));
      this.modules.send({ kind: 'unwritten', error: encodeError(error) });
    }
  }

  private retain({ keepMs, nowMs: trustedMs }: Extract<ToStore, { kind: 'retain' }>): void {
    const { opened } = this;
    if (opened === undefined || this.retention !== undefined) return;
    const sources = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
    const time = new SettledTime(sources, trustedMs);
    const { warn } = this;
    const rolledUp = (): void => void (this.hasGrown = true);
    const nowMs = (): number => time.nowMs();
    this.retention = keepRetention({ keepMs }, { holder: opened.holder, nowMs, warn, rolledUp });
  }

  /** Gives memory back while nothing is written. */
  private async settle(): Promise<void> {
    const { opened, questions, retention } = this;
    if (opened === undefined) return;
    this.restedMs = performance.now();
    const mayReopen = questions?.isIdle === true && retention?.isResting !== false;
    if (!this.hasGrown || !mayReopen) {
      await (opened.writer?.rest() ?? opened.holder.store.returnFreed());
      return;
    }
    this.hasGrown = false;
    this.modules.send({ kind: 'checkpointing', marks: fileMarks(opened.holder.store.path) });
    await opened.writer?.refresh();
    collectAll();
    this.modules.send({ kind: 'checkpointing', marks: null });
  }

  /**
   * Ends this process where a statement leaves no memory for what the program itself asks or writes. There is
   * enough in the next process; in this one a panel would fail until the statement has ended and DuckDB has
   * freed what it took. The next process has run no statement, so it is not ended for the same reason. Ends
   * it also after a fatal error, because DuckDB then refuses everything, and the next process opens the file
   * at once. The writer could open the file anew here, but first it would have to wait for the end of the
   * statement that caused the error, perhaps until its deadline.
   */
  private readonly failed = (error: unknown, isStatement: boolean): void => {
    const message = messageOf(error);
    if (this.questions?.hadStatements !== true) return;
    if (!isStatement && isOutOfMemory(message)) this.modules.end(`a statement left no memory: ${message}`);
    if (isFatal(message)) this.modules.end(message);
  };

  private readonly warn = (message: string): void => void this.modules.send({ kind: 'warn', message });

  private async close(): Promise<void> {
    clearTimeout(this.quiet);
    this.questions?.cancelAll();
    await this.retention?.stop();
    await this.opened?.close();
    this.modules.end();
  }
}
