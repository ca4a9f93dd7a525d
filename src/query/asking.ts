import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { FailureError } from '../errors';
import type { Store } from '../store/store';
import type { Layout } from '../store/tables';
import { runQueries, runQuery, runRaw } from './duckdb-run';
import { limitOf } from './limit';
import { type Query, parseQuery } from './model';
import type { Result, Row } from './result';
import { inSlices } from './slices';
import { nowNs } from './time';
import { BusyError, Turns } from './turns';
import type { Request } from './wire';

/** Each running query holds one of libuv's four threads; the writer and the file system need theirs. */
const MAX_RUNNING = 2;

/** Queries that may wait for their turn. */
const MAX_WAITING = 30;

/** Milliseconds that an interrupted query has to end. */
const GRACE_MS = 1_000;

/** Milliseconds that closing waits for those that run. */
const CLOSE_MS = 2_000;

/** The time that a query may take is over. */
export class TooLongError extends FailureError {}

/** What bounds one question. */
export interface AskLimits {
  /** Milliseconds from its turn to the last row, waiting for a slow reader included. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly left: AbortSignal;
}

/** The store as one question has it, until its answer is complete. */
export interface Asked {
  run(query: Query): Promise<Result>;
  /** Answers queries of one moment in their order, those that are alike at once: the lines of a panel. */
  runAll(queries: readonly Query[]): AsyncIterable<Result>;
  /** Answers a question that is still text; relative times count from now. */
  answer(question: Request): Promise<Result>;
  /** Aborted when the time is over, nobody waits any more, or the node stops. */
  readonly signal: AbortSignal;
}

/**
 * The questions of others to a store that this process has open: a few at once, within limits, so that they leave the store to its
 * writer, the threads to everybody and the event loop to the node. All who serve the same store share one of these.
 */
export class Asking {
  private readonly turns = new Turns({ running: MAX_RUNNING, waiting: MAX_WAITING });
  private readonly closing = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  /** The store is asked for at each question, so `holder` may be an exporter that opens its file anew. */
  constructor(private readonly holder: { readonly store: Store }) {
    // Each question listens, and Node would warn of the eleventh.
    setMaxListeners(0, this.closing.signal);
  }

  get storePath(): string {
    return this.holder.store.path;
  }

  /** The tables of the store. */
  get layout(): Layout {
    return this.holder.store.layout;
  }

  /**
   * Calls `use` when it is the question's turn; results must be taken before it is done.
   * @throws BusyError where too many wait, TooLongError, what `use` throws
   */
  async ask<T>({ timeoutMs, left }: AskLimits, use: (asked: Asked) => Promise<T>): Promise<T> {
    const signals = [this.closing.signal, left];
    const waiting = limitOf(timeoutMs, tookAllTime, signals);
    const release = await this.turns.take(waiting.signal).finally(() => waiting.end());
    const tooLong = (): Error =>
      new TooLongError(`the query took longer than ${timeoutMs / 1000} s; ask for less`);
    const limit = limitOf(timeoutMs, tooLong, signals);
    const answering = this.answer(limit.signal, use).finally(() => {
      this.running.delete(answering);
      limit.end();
      release();
    });
    this.running.add(answering);
    return Promise.race([answering, overdue(limit.signal)]);
  }

  /** Breaks off what runs and waits until it has let go of the store, but not for ever: points still have to go into it. */
  async close(): Promise<void> {
    this.closing.abort(new BusyError('the node is stopping'));
    const broken = Promise.allSettled(this.running);
    await Promise.race([broken, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  private async answer<T>(signal: AbortSignal, use: (asked: Asked) => Promise<T>): Promise<T> {
    let takeBack: (() => Promise<void>) | undefined;
    let session: Session | undefined;
    try {
      const { store } = this.holder;
      takeBack = await store.lendMemory();
      signal.throwIfAborted();
      session = new Session(store, signal);
      const answer = await use(session);
      // To DuckDB an interruption between two chunks can look like the end.
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      // An interrupted statement fails with DuckDB's words; say why it was interrupted instead.
      signal.throwIfAborted();
      throw error;
    } finally {
      session?.end();
      await takeBack?.();
    }
  }
}

const tookAllTime = (): Error => new BusyError('other queries took all the time; try again later');

/**
 * Fails some time after what `signal` ends should have ended. DuckDB does not interrupt the call of a function: `repeat('x', 900000000)`
 * goes on for many seconds. It keeps its turn as long as it does, but whoever asked for it is told.
 */
function overdue(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const wait = (): unknown => setTimeout(() => reject(signal.reason as Error), GRACE_MS).unref();
    if (signal.aborted) wait();
    else signal.addEventListener('abort', wait, { once: true });
  });
}

/** The connections of one question. */
class Session implements Asked {
  private readonly connections: DuckDBConnection[] = [];
  private again: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: Store,
    readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', this.interrupt);
  }

  run(query: Query): Promise<Result> {
    return this.start((connection) => runQuery(connection, query));
  }

  async *runAll(queries: readonly Query[]): AsyncGenerator<Result> {
    yield* await this.connected((connection) => runQueries(connection, queries));
  }

  async answer(question: Request): Promise<Result> {
    if ('query' in question) return this.run(parseQuery(question.query, nowNs()));
    return this.start((connection) => runRaw(connection, question.raw));
  }

  end(): void {
    this.signal.removeEventListener('abort', this.interrupt);
    clearInterval(this.again);
    for (const connection of this.connections) connection.closeSync();
  }

  private async start(ask: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    const result = await this.connected(ask);
    return { ...result, rows: this.whileWanted(result.rows) };
  }

  private async connected<T>(ask: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const connection = await this.store.connect();
    this.connections.push(connection);
    // The time may have been up while the connection was made.
    this.signal.throwIfAborted();
    return ask(connection);
  }

  private async *whileWanted(rows: AsyncIterable<readonly Row[]>): AsyncGenerator<readonly Row[]> {
    for await (const batch of inSlices(rows)) {
      this.signal.throwIfAborted();
      yield batch;
    }
    this.signal.throwIfAborted();
  }

  // DuckDB forgets an interruption that comes between two steps of a query.
  private readonly interrupt = (): void => {
    for (const connection of this.connections) connection.interrupt();
    this.again ??= setInterval(this.interrupt, 100).unref();
  };
}
