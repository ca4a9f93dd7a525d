import type { Query } from './model';
import type { Result } from './result';
import type { Request } from './socket-protocol';

/** The store for one question. It can be used until the answer is complete. */
export interface Asked {
  run(query: Query): Promise<Result>;
  /**
   * Answers queries on one state of the store, in their order. Similar queries, such as the lines of a panel,
   * share a statement.
   */
  runAll(queries: readonly Query[]): AsyncIterable<Result>;
  /** Answers a question that is text. Relative times count from now. */
  answer(question: Request): Promise<Result>;
  /**
   * Aborted when the time limit is reached, when nobody waits for the answer any more, or when the node
   * stops.
   */
  readonly signal: AbortSignal;
}

/** The connection that answers one question. */
export interface Session extends Asked {
  /** Releases the store. Resolves when nothing of the question runs any more. */
  end(): Promise<void>;
}

/** Answers questions about one store. */
export interface Answers {
  /** Absolute path of the store. */
  readonly storePath: string;
  /** Begins to answer a question. `signal` aborts it. */
  begin(signal: AbortSignal): Promise<Session>;
}
