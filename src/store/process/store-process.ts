import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError, messageOf } from '../../lib/errors';
import type { Point } from '../../metrics/point';
import { type WriteResult, confirmed } from '../../metrics/write-result';
import { SettledTime, type TimeSources } from '../settled-time';
import { encodePoints } from '../encode';
import { StoreConnection, StoreEnded } from './connection';
import { Spare } from './spare';
import { PROGRAM } from './start';

/** Milliseconds until a process is started again that could not open the store. */
const REOPEN_MS = 250;

/**
 * Milliseconds that the process has to close the store. What it has confirmed is safe also where it is
 * killed.
 */
const CLOSE_MS = 1_500;

/**
 * How often it is looked at the clock, in milliseconds: one that was set forward is believed once it has
 * stayed there.
 */
const LOOK_MS = 60_000;

/** How often points are sent, and questions asked, again whose process ended meanwhile. */
const MAX_TRIES = 4;

/** A question, and what is to become of it where the process ends before the answer began. */
export interface Question {
  /** What the process is asked. */
  readonly question: unknown;
  /** Asked again, as it is none that ends processes. */
  readonly mayRepeat: boolean;
  /**
   * The answer is small: it is given once it is complete, and asked for again also where the process ends
   * amid it.
   */
  readonly isWhole?: boolean;
  readonly signal: AbortSignal;
}

/** How a store is opened. */
export interface StoreProcessOptions {
  readonly path: string;
  readonly readOnly?: boolean;
  /** Path of the process's program; default the one that the build made. */
  readonly program?: string;
}

/** What it works with. */
export interface StoreProcessModules extends Partial<TimeSources> {
  readonly warn: (message: string) => void;
}

/**
 * A store in a process of its own, which writes it and answers questions about it: DuckDB lets one process
 * write a file and answer, or several answer. Statements of strangers can crash DuckDB, take all the memory
 * that it gets, or go on for hours and not be interrupted; there they end that process alone, and it is
 * started again within a fraction of a second.
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
  /**
   * Tells the time to each process in turn: one that began to believe the clock when it was started would
   * cost points.
   */
  private readonly time: SettledTime;
  private looking: NodeJS.Timeout | undefined;
  private isClosing = false;
  /** Whether points were sent of which it is not known what became of them. */
  private isUncertain = false;
  private lostPoints = 0;
  /**
   * What is tried again whose process ended. Statements, which may end the next one as well, wait for these.
   */
  private readonly again = new Set<Promise<unknown>>();
  private readonly spare: Spare;

  constructor(
    { path: file, readOnly = false, program = PROGRAM }: StoreProcessOptions,
    private readonly modules: StoreProcessModules,
  ) {
    const { wallMs = () => Date.now(), monotonicMs = () => performance.now() } = modules;
    this.time = new SettledTime({ wallMs, monotonicMs });
    this.path = path.resolve(file);
    this.readOnly = readOnly;
    this.program = program;
    this.spare = new Spare(program);
    this.ready = Promise.reject(new FailureError(`store ${this.path}: is not open`));
    this.ready.catch(() => undefined);
  }

  /** The columns of each table in their order. */
  get layout(): ReadonlyMap<string, readonly string[]> {
    return this.tables;
  }

  /** Points that were stored and are lost, at least: their bytes were damaged. */
  get lost(): number {
    return this.lostPoints;
  }

  /** Identifies the process of this moment. */
  get pid(): number | undefined {
    return this.connection?.pid;
  }

  /** Identifies the process that stands by while statements are asked. */
  get sparePid(): number | undefined {
    return this.spare.pid;
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
   * Stores points as one transaction; resolves when they are on disk. Where the process ends meanwhile they
   * are sent to the next one, which looks first whether they are stored.
   * @throws what the store says; the same points may be given again
   */
  async write(points: readonly Point[]): Promise<WriteResult> {
    const { groups, taken, rejection } = encodePoints(points);
    let done: (() => void) | undefined;
    try {
      for (let attempt = 1; ; attempt++) {
        const connection = await this.opened();
        const mayBeStored = this.isUncertain;
        this.isUncertain = true;
        try {
          await connection.write(groups, mayBeStored);
          this.isUncertain = false;
          return confirmed(taken, rejection);
        } catch (error) {
          // A COMMIT that failed may have stored them all the same, and the process that knows may end: it
          // stays uncertain.
          if (!(error instanceof StoreEnded) || this.isClosing || attempt === MAX_TRIES) throw error;
        }
        done ??= this.tryAgain();
        await connection.ended;
      }
    } finally {
      done?.();
    }
  }

  /** Asks, and gives the parts of the answer. */
  async *ask({ question, mayRepeat, isWhole = false, signal }: Question): AsyncGenerator<unknown, void> {
    let done: (() => void) | undefined;
    try {
      for (let attempt = 1; ; attempt++) {
        signal.throwIfAborted();
        while (!mayRepeat && this.again.size > 0) await Promise.all(this.again);
        const connection = await this.opened();
        signal.throwIfAborted();
        if (!mayRepeat) this.spare.keep();
        const answer = connection.ask(question, !mayRepeat);
        const cancel = (): void => answer.cancel();
        signal.addEventListener('abort', cancel);
        let hasBegun = false;
        const parts: unknown[] = [];
        try {
          for (let part = await answer.next(); part !== null; part = await answer.next()) {
            if (isWhole) {
              parts.push(part);
              continue;
            }
            hasBegun = true;
            done?.();
            yield part;
          }
          done?.();
          yield* parts;
          return;
        } catch (error) {
          if (!(error instanceof StoreEnded) || signal.aborted) throw error;
          if (!mayRepeat || hasBegun || attempt === MAX_TRIES) throw explained(error);
        } finally {
          signal.removeEventListener('abort', cancel);
          answer.cancel();
          await answer.ended;
        }
        done ??= this.tryAgain();
        await connection.ended;
      }
    } finally {
      done?.();
    }
  }

  /**
   * Has points rolled up from now on, also by later processes, and removed at the age of `keepMs`; never
   * where it is null.
   */
  retain(keepMs: number | null): void {
    this.keepMs = keepMs;
    this.looking ??= setInterval(() => this.time.nowMs(), LOOK_MS).unref();
    this.connection?.retain(keepMs, this.time.nowMs());
  }

  /** Has the store closed and waits, a moment, until the process has ended; then it is killed. */
  async close(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.looking);
    this.looking = undefined;
    const { connection } = this;
    this.connection = null;
    this.spare.end();
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

  /** Says that something is tried again, until what is returned is called. */
  private tryAgain(): () => void {
    let done = (): void => undefined;
    const trying = new Promise<void>((resolve) => (done = resolve));
    this.again.add(trying);
    return () => {
      this.again.delete(trying);
      done();
    };
  }

  /**
   * The process with its store open; started again where the last one could not open it. One that ended while
   * it opened the store, as one that is killed, is followed by another one.
   */
  private async opened(): Promise<StoreConnection> {
    for (let attempt = 1; ; attempt++) {
      if (this.isClosing) throw new FailureError(`store ${this.path}: is closed`);
      if (this.connection === null && performance.now() - this.readyAt > REOPEN_MS) this.start();
      try {
        return await this.ready;
      } catch (error) {
        if (!(error instanceof StoreEnded) || attempt === MAX_TRIES) throw error;
        await sleep(REOPEN_MS);
      }
    }
  }

  private start(): void {
    const { path: file, readOnly, program } = this;
    const lost = (points: number): void => void (this.lostPoints += points);
    const connection = new StoreConnection(
      { path: file, readOnly },
      { ...this.modules, program, lost, spare: this.spare.take() },
    );
    this.connection = connection;
    let isOpen = false;
    this.ready = connection.opened.then((layout) => {
      isOpen = true;
      this.tables = layout;
      if (this.keepMs !== undefined) connection.retain(this.keepMs, this.time.nowMs());
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
