import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../../lib/errors';
import { SettledTime, type TimeSources } from '../../lib/settled-time';
import { StoreConnection, StoreEnded } from './connection';
import { MAX_TRIES, type Retries } from './retries';
import { SpareProcess } from './spare';

/** Milliseconds until the next process is started after one that could not open the store. */
const REOPEN_MS = 250;

/**
 * Milliseconds in which the process must close the store. If it is killed after that, everything that it has
 * confirmed is safe.
 */
const CLOSE_MS = 1_500;

/** How often the clock is read, in milliseconds. A clock that was set forward is trusted after a day. */
const LOOK_MS = 60_000;

/** Which store is opened, how, and by which program. */
export interface RunnerOptions {
  /** Absolute. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Path of the process's program. */
  readonly program: string;
}

/** The clocks and the log of a runner. */
export interface RunnerModules extends Partial<TimeSources> {
  readonly warn: (message: string) => void;
}

/** Keeps a process running that has a store open. If the process ends, the next one is started. */
export class StoreRunner {
  /** Whether `close` was called after the last `open`. */
  isClosing = false;
  /** The series that lack columns, in a store that is only read. */
  outdated: readonly string[] = [];
  /** The least number of stored points that are lost, because their bytes were damaged. */
  lost = 0;
  private connection: StoreConnection | null = null;
  private hasOpened = false;
  /** The process with its store open. Rejects if the store can't be opened. */
  private ready: Promise<StoreConnection>;
  private readyAt = 0;
  private keepMs: number | null | undefined;
  /**
   * The trusted time, which each process gets. A new process that trusted the clock itself would remove
   * points too early if the clock is ahead.
   */
  private readonly time: SettledTime;
  private looking: NodeJS.Timeout | undefined;
  private readonly spare: SpareProcess;

  constructor(
    private readonly options: RunnerOptions,
    private readonly modules: RunnerModules,
    private readonly retries: Retries,
  ) {
    const { wallMs = () => Date.now(), monotonicMs = () => performance.now() } = modules;
    this.time = new SettledTime({ wallMs, monotonicMs });
    this.spare = new SpareProcess(options.program);
    this.ready = Promise.reject(new FailureError(`store ${options.path}: is not open`));
    this.ready.catch(() => undefined);
  }

  /** The id of the current process. */
  get pid(): number | undefined {
    return this.connection?.pid;
  }

  /** The id of the spare process; see {@link SpareProcess}. */
  get sparePid(): number | undefined {
    return this.spare.pid;
  }

  /**
   * Starts the process.
   * @throws FailureError where it can't open the store
   */
  async open(): Promise<void> {
    this.isClosing = false;
    this.start(false);
    try {
      await this.ready;
    } catch (error) {
      await this.connection?.ended;
      throw error;
    }
  }

  /**
   * The process with its store open. If the last process could not open the store, it is started again. If a
   * process ends while it opens the store, for example because it is killed, the next one is started.
   * @throws FailureError if the store can't be opened, or if `close` was called
   */
  async opened(): Promise<StoreConnection> {
    for (let attempt = 1; ; attempt++) {
      if (this.isClosing) throw new FailureError(`store ${this.options.path}: is closed`);
      if (this.connection === null && performance.now() - this.readyAt > REOPEN_MS) this.start(false);
      try {
        return await this.ready;
      } catch (error) {
        if (!(error instanceof StoreEnded) || attempt === MAX_TRIES) throw error;
        await sleep(REOPEN_MS);
      }
    }
  }

  /** Keeps a spare process ready for a while. Resolves when a statement may run; see {@link SpareProcess}. */
  keepSpare(): Promise<void> {
    return this.spare.keep();
  }

  /** Whether the process has its store open. */
  get isOpen(): boolean {
    return this.hasOpened;
  }

  /**
   * Starts to roll up points, and to remove them at the age of `keepMs`; null means never. Later processes
   * continue it.
   */
  retain(keepMs: number | null): void {
    this.keepMs = keepMs;
    this.looking ??= setInterval(() => this.time.nowMs(), LOOK_MS).unref();
    this.connection?.retain(keepMs, this.time.nowMs());
  }

  /** Closes the store and waits until the process has ended. A process that takes too long is killed. */
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

  /** Starts the next spare process, but first answers what waits: the start takes a processor. */
  private async renewSpare(): Promise<void> {
    await this.retries.ended();
    if (!this.isClosing) this.spare.renew();
  }

  /** Starts a process. `isCurrent`: whether the last one had the store open when it ended. */
  private start(isCurrent: boolean): void {
    const { path, readOnly, program } = this.options;
    const lost = (points: number): void => void (this.lost += points);
    const connection = new StoreConnection(
      { path, readOnly, isCurrent },
      { ...this.modules, program, lost, spare: this.spare.take() },
    );
    this.connection = connection;
    this.hasOpened = false;
    this.ready = connection.opened.then((outdated) => {
      this.hasOpened = true;
      this.outdated = outdated;
      if (this.keepMs !== undefined) connection.retain(this.keepMs, this.time.nowMs());
      void this.renewSpare();
      return connection;
    });
    // Without a handler here the rejection would end the program. A waiter still gets the error.
    this.ready.catch(() => undefined);
    void connection.ended.then((how) => {
      this.readyAt = performance.now();
      if (this.connection !== connection) return;
      this.connection = null;
      const { hasOpened } = this;
      this.hasOpened = false;
      if (this.isClosing || !hasOpened) return;
      this.modules.warn(`store ${path}: its process ended and is started again: ${how}`);
      this.start(true);
    });
  }
}
