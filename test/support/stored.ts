import { DuckDBInstance } from '@duckdb/node-api';
import { withMissingParts } from '../../src/query/missing-parts';

/** A row by column. Integers of any width are numbers. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** A store that the program has closed. */
export interface Stored {
  rows(sql: string): Promise<Row[]>;
  close(): void;
}

/**
 * Opens a DuckDB file for reading, with DuckDB alone. A series without a point has no table there, and no row
 * here.
 */
export async function openStored(file: string): Promise<Stored> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  return {
    rows: async (sql) => {
      const reader = await withMissingParts(connection, () => connection.runAndReadAll(sql));
      return reader.getRowObjects().map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([column, value]) => {
            if (typeof value === 'bigint') return [column, Number(value)];
            if (value === null || typeof value !== 'object') return [column, value];
            return [column, JSON.stringify(value)];
          }),
        ),
      );
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
