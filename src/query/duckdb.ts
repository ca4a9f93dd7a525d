import path from 'node:path';
import { openStore } from '../store/store';
import { connectClient } from './client';
import { runQuery, runRaw } from './duckdb-run';
import type { Source } from './source';

/**
 * Opens the store at `file` for reading: through the node that has it open, or directly if no node runs.
 * @throws FailureError if there is no such store, or a process that answers no queries has it open
 */
export async function openDuckdb(file: string): Promise<Source> {
  const absolute = path.resolve(file);
  const client = await connectClient(absolute);
  if (client !== null) return client;
  const store = await openStore(absolute, { readOnly: true });
  return {
    run: async (query) => runQuery(await store.connect(), query),
    raw: async (statement) => runRaw(await store.connect(), statement),
    close: () => store.close(),
  };
}
