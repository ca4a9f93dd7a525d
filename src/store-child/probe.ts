import type { DuckDBConnection } from '@duckdb/node-api';
import { quote } from '../store/quote';
import type { Store } from '../store/store';

/**
 * Asks DuckDB a cheap question, on a connection of its own. The question needs the locks that every query
 * needs: those of transactions, of tables and of functions. Some functions hold one of these locks while they
 * run, and then no other query continues.
 */
export class Probe {
  private connection: DuckDBConnection | undefined;

  constructor(private readonly holder: { readonly store: Store }) {}

  /** Resolves once DuckDB has answered, and also where it refused. */
  async ask(): Promise<void> {
    const { store } = this.holder;
    try {
      this.connection ??= await store.connect();
      const [table] = [...store.layout].find(([, columns]) => columns[0] === 'time') ?? [];
      const from = table === undefined ? 'range(0) AS t(time)' : quote(table);
      await this.connection.runAndReadAll(`SELECT max(time) FROM ${from} WHERE false`);
    } catch {
      // The store was opened anew, and its connections ended.
      this.connection = undefined;
    }
  }
}
