import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../lib/errors';
import { completedViews } from '../store/completed-views';
import { createEmptyView, tableNamed } from '../store/series-tables';

/**
 * Runs a step of a query. A store has no tables of a series that has had no point, and one of an older
 * version lacks columns until a node opens it. Where the step needs such a table or column, the connection is
 * shown an empty table, or its tables with these columns as NULL, and the step runs again.
 * @param step prepares or begins a statement; it is run again only where DuckDB refused to
 * @throws what the step throws
 */
export async function withMissingParts<T>(connection: DuckDBConnection, step: () => Promise<T>): Promise<T> {
  const shown = new Set<string>();
  let isComplete = false;
  for (;;)
    try {
      return await step();
    } catch (error) {
      const message = messageOf(error);
      const name = (missingTable(message) ?? '').toLowerCase();
      const table = tableNamed(name);
      // A statement that names the database before the table does not see what is shown.
      if (table !== undefined && !shown.has(name)) {
        shown.add(name);
        await connection.run(createEmptyView(table));
        continue;
      }
      if (isComplete || !lacksColumn(message)) throw error;
      isComplete = true;
      const views = await completedViews(connection);
      if (views.length === 0) throw error;
      await connection.run(views.join('; '));
    }
}

/** The name of the table that DuckDB did not find; undefined for another error. */
export function missingTable(message: string): string | undefined {
  return /Table with name "?([^\s"]+)"? does not exist/.exec(message)?.[1];
}

/** Whether DuckDB did not find a column. */
function lacksColumn(message: string): boolean {
  return /Referenced column .* not found|does not have a column named/.test(message);
}
