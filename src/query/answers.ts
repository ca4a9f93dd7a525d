import type { Layout } from '../store/tables';
import type { Query } from './model';
import type { Result } from './result';
import type { Request } from './socket-protocol';

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

/** What answers one question. */
export interface Session extends Asked {
  /** Lets go of the store; resolves when nothing of the question runs any more. */
  end(): Promise<void>;
}

/** What answers questions about one store. */
export interface Answers {
  /** Absolute path of the store. */
  readonly storePath: string;
  /** The tables of the store. */
  readonly layout: Layout;
  /** Begins to answer; `signal` breaks it off. */
  begin(signal: AbortSignal): Promise<Session>;
}
