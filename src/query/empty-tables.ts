import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../lib/errors';
import { createEmptyView, tableNamed } from '../store/series-tables';

/**
 * Runs a step of a query. A store has no tables of a series that has had no point: where the step needs such
 * a table, the connection is shown an empty one, and the step runs again.
 * @param step prepares or begins a statement; it is run again only where DuckDB refused to
 * @throws what the step throws
 */
export async function withEmptyTables<T>(connection: DuckDBConnection, step: () => Promise<T>): Promise<T> {
  const shown = new Set<string>();
  for (;;)
    try {
      return await step();
    } catch (error) {
      const name = (missingTable(messageOf(error)) ?? '').toLowerCase();
      const table = tableNamed(name);
      // A statement that names the database before the table does not see the empty one.
      if (table === undefined || shown.has(name)) throw error;
      shown.add(name);
      await connection.run(createEmptyView(table));
    }
}

/** The name of the table that DuckDB did not find; undefined for another error. */
export function missingTable(message: string): string | undefined {
  return /Table with name "?([^\s"]+)"? does not exist/.exec(message)?.[1];
}
