import type { Query } from '../query/model';
import { type Result, type Row, allRows } from '../query/result';

/** Answers queries in their order, as `Asked.runAll` does. */
export type RunAll = (queries: readonly Query[]) => AsyncIterable<Result>;

/** The rows of each query. Queries that are the same are asked once. */
export async function rowsOf(
  queries: readonly Query[],
  runAll: RunAll,
): Promise<ReadonlyMap<Query, readonly Row[]>> {
  const distinct = new Map(queries.map((query) => [textOf(query), query]));
  const keys = [...distinct.keys()];
  const rows = new Map<string, readonly Row[]>();
  for await (const result of runAll([...distinct.values()])) {
    const key = keys[rows.size];
    if (key !== undefined) rows.set(key, await allRows(result));
  }
  return new Map(queries.map((query) => [query, rows.get(textOf(query)) ?? []]));
}

function textOf(query: Query): string {
  return JSON.stringify(query, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
