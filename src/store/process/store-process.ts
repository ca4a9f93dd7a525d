import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError, messageOf } from '../../lib/errors';
import type { Point } from '../../metrics/point';
import { StoreConnection, StoreEnded } from './connection';
import type { Written } from './messages';
import { encodePoints } from './points';
import { PROGRAM } from './start';

/** Milliseconds until a process is started again that could not open the store. */
const REOPEN_MS = 250;

/** Milliseconds that the process has to close the store. What it has confirmed is safe also where it is killed. */
const CLOSE_MS = 1_500;

/** How often points are sent, and questions asked, again whose process ended meanwhile. */
const MAX_TRIES = 4;

/** A question, and what is to become of it where the process ends before the answer began. */
export interface Question {
  /** What the process is asked. */
  readonly question: unknown;
  /** Asked again, as it is none that ends processes. */
  readonly mayRepeat: boolean;
  readonly signal: AbortSignal;
}

/** How a store is opened. */
export interface StoreProcessOptions {
  readonly path: string;
  readonly readOnly?: boolean;
  /** Path of the process's program; default the one that the build made. */
  readonly program?: string;
}

/**
 * A store in a process of its own, which writes it and answers questions about it: DuckDB lets one process write a file and answer, or
 * several answer. Statements of strangers can crash DuckDB, take all the memory that it gets, or go on for hours and not be interrupted;
 * there they end that process alone, and it is started again within a fraction of a second.
 */
export class StoreProcess {
  readonly path: string;
  private readonly readOnly: boolean;
  private readonly program: string;
  private tables: ReadonlyMap<string, readonly string[]> = new Map();
  private connection: StoreConnection | null = null;
  /** The process with its store open. Rejects where it can't be opened. */
  private ready: Promise<StoreConnection>;
  private readyAt = 0;
  private keepMs: number | null | undefined;
  private isClosing = false;
  /** Whether points were sent of which it is not known what became of them. */
  private isUncertain = false;

  constructor(
    { path: file, readOnly = false, program = PROGRAM }: StoreProcessOptions,
    private readonly modules: { readonly warn: (message: string) => void },
  ) {
    this.path = path.resolve(file);
    this.readOnly = readOnly;
    this.program = program;
    this.ready = Promise.reject(new FailureError(`store ${this.path}: is not open`));
    this.ready.catch(() => undefined);
  }

  /** The columns of each table in their order. */
  get layout(): ReadonlyMap<string, readonly string[]> {
    return this.tables;
  }

  /** Identifies the process of this moment. */
  get pid(): number | undefined {
    return this.connection?.pid;
  }

  /**
   * Starts the process.
   * @throws FailureError where it can't open the store
   */
  async open(): Promise<void> {
    this.isClosing = false;
    this.start();
    try {
      await this.ready;
    } catch (error) {
      await this.connection?.ended;
      throw error;
    }
  }

  /**
   * Stores points as one transaction; resolves when they are on disk. Where the process ends meanwhile they are sent to the next one,
   * which looks first whether they are stored.
   * @throws what the store says; the same points may be given again
   */
  async write(points: readonly Point[]): Promise<Written> {
    const encoded = encodePoints(points);
    for (let attempt = 1; ; attempt++) {
      const connection = await this.opened();
      const mayBeStored = this.isUncertain;
      this.isUncertain = true;
      try {
        const written = await connection.write(encoded, mayBeStored);
        this.isUncertain = false;
        return written;
      } catch (error) {
        // A COMMIT that failed may have stored them all the same, and the process that knows may end: it stays uncertain.
        if (!(error instanceof StoreEnded) || this.isClosing || attempt === MAX_TRIES) throw error;
      }
      await connection.ended;
    }
  }

  /** Asks, and gives the parts of the answer. */
  async *ask({ question, mayRepeat, signal }: Question): AsyncGenerator<unknown, void> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const connection = await this.opened();
      signal.throwIfAborted();
      const answer = connection.ask(question);
      const cancel = (): void => answer.cancel();
      signal.addEventListener('abort', cancel);
      let hasBegun = false;
      try {
        for (let part = await answer.next(); part !== null; part = await answer.next()) {
          hasBegun = true;
          yield part;
        }
        return;
      } catch (error) {
        if (!(error instanceof StoreEnded) || signal.aborted) throw error;
        if (!mayRepeat || hasBegun || attempt === MAX_TRIES) throw explained(error);
      } finally {
        signal.removeEventListener('abort', cancel);
        answer.cancel();
        await answer.ended;
      }
      await connection.ended;
    }
  }

  /** Has points rolled up from now on, also by later processes, and removed at the age of `keepMs`; never where it is null. */
  retain(keepMs: number | null): void {
    this.keepMs = keepMs;
    this.connection?.retain(keepMs);
  }

  /** Has the store closed and waits, a moment, until the process has ended; then it is killed. */
  async close(): Promise<void> {
    this.isClosing = true;
    const { connection } = this;
    this.connection = null;
    if (connection === null) return;
    const late = new AbortController();
    connection.close();
    void sleep(CLOSE_MS, undefined, { signal: late.signal, ref: false }).then(
      () => connection.kill('it did not end'),
      () => undefined,
    );
    await connection.ended;
    late.abort();
  }

  /** The process with its store open; started again where the last one could not open it. */
  private async opened(): Promise<StoreConnection> {
    if (this.isClosing) throw new FailureError(`store ${this.path}: is closed`);
    if (this.connection === null && performance.now() - this.readyAt > REOPEN_MS) this.start();
    return this.ready;
  }

  private start(): void {
    const { path: file, readOnly, program } = this;
    const connection = new StoreConnection({ path: file, readOnly }, { ...this.modules, program });
    this.connection = connection;
    let isOpen = false;
    this.ready = connection.opened.then((layout) => {
      isOpen = true;
      this.tables = layout;
      if (this.keepMs !== undefined) connection.retain(this.keepMs);
      return connection;
    });
    // Whoever needs it hears of it all the same.
    this.ready.catch(() => undefined);
    void connection.ended.then((how) => {
      this.readyAt = performance.now();
      if (this.connection !== connection) return;
      this.connection = null;
      if (this.isClosing || !isOpen) return;
      this.modules.warn(`store ${file}: its process ended and is started again: ${how}`);
      this.start();
    });
  }
}

/** What to say of a statement that was asked when the process ended. */
function explained(error: StoreEnded): FailureError {
  return new FailureError(
    `${messageOf(error)}; this statement, or one beside it, takes too much memory or can't be carried out`,
  );
}
