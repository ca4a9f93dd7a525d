import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../../lib/errors';
import { SettledTime, type TimeSources } from '../settled-time';
import { StoreConnection, StoreEnded } from './connection';
import { MAX_TRIES } from './retries';
import { SpareProcess } from './spare';

/** Milliseconds until a process is started again that could not open the store. */
const REOPEN_MS = 250;

/**
 * Milliseconds that the process has to close the store. What it has confirmed is safe also where it is
 * killed.
 */
const CLOSE_MS = 1_500;

/** How often the clock is looked at, in milliseconds: one that was set forward is believed after a day. */
const LOOK_MS = 60_000;

/** Which store is opened, how, and by which program. */
export interface RunnerOptions {
  /** Absolute. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Path of the process's program. */
  readonly program: string;
}

/** Where a runner takes the time from, and whom it warns. */
export interface RunnerModules extends Partial<TimeSources> {
  readonly warn: (message: string) => void;
}

/** Keeps a process running that has a store open: one that ends is followed by the next. */
export class StoreRunner {
  /** Whether `close` was called after the last `open`. */
  isClosing = false;
  /** The columns of each table in their order. */
  layout: ReadonlyMap<string, readonly string[]> = new Map();
  /** Points that were stored and are lost, at least: their bytes were damaged. */
  lost = 0;
  private connection: StoreConnection | null = null;
  /** The process with its store open. Rejects where it can't be opened. */
  private ready: Promise<StoreConnection>;
  private readyAt = 0;
  private keepMs: number | null | undefined;
  /**
   * Tells the time to each process in turn: one that believed the clock anew when it was started would remove
   * points too early where the clock is ahead.
   */
  private readonly time: SettledTime;
  private looking: NodeJS.Timeout | undefined;
  private readonly spare: SpareProcess;

  constructor(
    private readonly options: RunnerOptions,
    private readonly modules: RunnerModules,
  ) {
    const { wallMs = () => Date.now(), monotonicMs = () => performance.now() } = modules;
    this.time = new SettledTime({ wallMs, monotonicMs });
    this.spare = new SpareProcess(options.program);
    this.ready = Promise.reject(new FailureError(`store ${options.path}: is not open`));
    this.ready.catch(() => undefined);
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
   * The process with its store open; started again where the last one could not open it. One that ended while
   * it opened the store, as one that is killed, is followed by another one.
   * @throws FailureError where it can't open the store, or is closed
   */
  async opened(): Promise<StoreConnection> {
    for (let attempt = 1; ; attempt++) {
      if (this.isClosing) throw new FailureError(`store ${this.options.path}: is closed`);
      if (this.connection === null && performance.now() - this.readyAt > REOPEN_MS) this.start();
      try {
        return await this.ready;
      } catch (error) {
        if (!(error instanceof StoreEnded) || attempt === MAX_TRIES) throw error;
        await sleep(REOPEN_MS);
      }
    }
  }

  /** Keeps a process ready to follow, for a while. */
  keepSpare(): void {
    this.spare.keep();
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

  private start(): void {
    const { path, readOnly, program } = this.options;
    const lost = (points: number): void => void (this.lost += points);
    const connection = new StoreConnection(
      { path, readOnly },
      { ...this.modules, program, lost, spare: this.spare.take() },
    );
    this.connection = connection;
    let isOpen = false;
    this.ready = connection.opened.then((layout) => {
      isOpen = true;
      this.layout = layout;
      if (this.keepMs !== undefined) connection.retain(this.keepMs, this.time.nowMs());
      return connection;
    });
    // Whoever awaits it gets the error as well.
    this.ready.catch(() => undefined);
    void connection.ended.then((how) => {
      this.readyAt = performance.now();
      if (this.connection !== connection) return;
      this.connection = null;
      if (this.isClosing || !isOpen) return;
      this.modules.warn(`store ${path}: its process ended and is started again: ${how}`);
      this.start();
    });
  }
}
