import type { DuckDBConnection } from '@duckdb/node-api';
import { SERIES_NAMES } from '../metrics/schema';
import { quote } from './quote';
import { type DeclaredTable, nothingOf, tablesOf } from './series-tables';
import { readLayout } from './tables';

/**
 * The statements that show a connection, and no other, the tables that lack columns of the schema with these
 * columns as NULL. None in a store of this version.
 */
export async function completedViews(connection: DuckDBConnection): Promise<readonly string[]> {
  const layout = await readLayout(connection);
  const reader = await connection.runAndReadAll('SELECT current_database()');
  const database = String(reader.getRows()[0]?.[0]);
  return SERIES_NAMES.flatMap(tablesOf).flatMap(([name, columns]: DeclaredTable) => {
    const present = new Set(layout.get(name));
    const lacking = [...columns].filter(([column]) => !present.has(column));
    if (present.size === 0 || lacking.length === 0) return [];
    // Without its database, the view would read itself.
    const table = [database, 'main', name].map(quote).join('.');
    return [
      `CREATE TEMP VIEW ${quote(name)} AS SELECT *, ${lacking.map(nothingOf).join(', ')} FROM ${table}`,
    ];
  });
}
