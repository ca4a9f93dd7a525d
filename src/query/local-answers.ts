import type { DuckDBConnection } from '@duckdb/node-api';
import { copyStore } from '../store/copy';
import type { Store } from '../store/store';
import type { Answers, Session } from './answers';
import { runQueries, runQuery, runRaw } from './duckdb-run';
import { type Query, parseQuery } from './model';
import { type Result, type Row, inOneBatch } from './result';
import { QuestionMemory } from './question-memory';
import { inSlices } from './slices';
import { nowNs } from './time';
import type { Request } from './socket-protocol';

/** Answers from a store that this process has open. */
export class LocalAnswers implements Answers {
  private readonly memory: QuestionMemory;

  /** The store is asked for at each question, so `holder` may be an exporter that opens its file anew. */
  constructor(private readonly holder: { readonly store: Store }) {
    this.memory = new QuestionMemory(holder);
  }

  get storePath(): string {
    return this.holder.store.path;
  }

  async begin(signal: AbortSignal): Promise<Session> {
    const { store } = this.holder;
    const giveBack = await this.memory.borrow();
    return new LocalSession(store, signal, giveBack);
  }
}

/** The connections of one question. */
class LocalSession implements Session {
  private readonly connections: DuckDBConnection[] = [];
  private again: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: Store,
    readonly signal: AbortSignal,
    private readonly giveBack: () => void,
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
    if ('copyTo' in question) {
      await copyStore(this.store, question.copyTo, this.signal);
      return { columns: [{ name: 'copied', type: 'string' }], rows: inOneBatch([[question.copyTo]]) };
    }
    return this.start((connection) => runRaw(connection, question.raw));
  }

  end(): Promise<void> {
    this.signal.removeEventListener('abort', this.interrupt);
    clearInterval(this.again);
    for (const connection of this.connections) connection.closeSync();
    this.giveBack();
    return Promise.resolve();
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
