import type { DuckDBConnection } from '@duckdb/node-api';
import { FailureError } from '../errors';
import type { Store } from '../store/store';
import type { Layout } from '../store/tables';
import { runQueries, runQuery, runRaw } from './duckdb-run';
import { limitOf } from './limit';
import { type Query, parseQuery } from './model';
import type { Result, Row } from './result';
import { inSlices } from './slices';
import { BusyError, Turns } from './turns';
import type { Request } from './wire';

/** Each running query holds one of libuv's four threads; the writer and the file system need theirs. */
const MAX_RUNNING = 2;

/** Queries that may wait for their turn. */
const MAX_WAITING = 30;

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
  constructor(private readonly holder: { readonly store: Store }) {}

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
  async ask<T>(limits: AskLimits, use: (asked: Asked) => Promise<T>): Promise<T> {
    const answering = this.answer(limits, use);
    this.running.add(answering);
    try {
      return await answering;
    } finally {
      this.running.delete(answering);
    }
  }

  /** Breaks off what runs and waits until it has let go of the store. */
  async close(): Promise<void> {
    this.closing.abort(new FailureError('the node is stopping'));
    await Promise.allSettled(this.running);
  }

  private async answer<T>({ timeoutMs, left }: AskLimits, use: (asked: Asked) => Promise<T>): Promise<T> {
    const release = await this.turn(timeoutMs, left);
    const limit = limitOf(timeoutMs, [this.closing.signal, left]);
    let takeBack: (() => Promise<void>) | undefined;
    let session: Session | undefined;
    try {
      const { store } = this.holder;
      takeBack = await store.lendMemory();
      session = new Session(store, limit.signal);
      const answer = await use(session);
      // To DuckDB an interruption between two chunks can look like the end.
      limit.signal.throwIfAborted();
      return answer;
    } catch (error) {
      if (limit.timedOut())
        throw new TooLongError(`the query took longer than ${timeoutMs / 1000} s; ask for less`);
      // An interrupted statement fails with DuckDB's words; say why it was interrupted instead.
      limit.signal.throwIfAborted();
      throw error;
    } finally {
      session?.end();
      limit.end();
      await takeBack?.();
      release();
    }
  }

  private async turn(timeoutMs: number, left: AbortSignal): Promise<() => void> {
    const limit = limitOf(timeoutMs, [this.closing.signal, left]);
    try {
      return await this.turns.take(limit.signal);
    } catch (error) {
      throw limit.timedOut() ? new BusyError('other queries took all the time; try again later') : error;
    } finally {
      limit.end();
    }
  }
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
    if ('query' in question) return this.run(parseQuery(question.query, BigInt(Date.now()) * 1_000_000n));
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
    this.again ??= setInterval(this.interrupt, 100);
  };
}
