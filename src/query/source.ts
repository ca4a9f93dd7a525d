import type { Query } from './model';
import type { Result } from './result';

/** A store that answers queries. */
export interface Source {
  /** Answers a query, in the same way for every kind of store. */
  run(query: Query): Promise<Result>;
  /**
   * Runs a statement in the store's own language, if it only reads.
   * @throws UsageError for a statement that writes or can't be parsed
   */
  raw(statement: string): Promise<Result>;
  close(): Promise<void>;
}

/** The answers to queries, one after the other. */
export async function* answersOf(source: Source, queries: readonly Query[]): AsyncGenerator<Result> {
  for (const query of queries) yield await source.run(query);
}
