import path from 'node:path';
import { openParquetStore } from '../store/parquet-store';
import { type Store, openStore } from '../store/store';
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
  return sourceOf(await openStore(absolute, { readOnly: true }));
}

/**
 * Opens a folder of Parquet files for reading.
 * @param warn called with one line where some of its points can't be read
 * @throws FailureError if there is no such folder, or it has no files of ours
 */
export async function openParquet(directory: string, warn: (line: string) => void): Promise<Source> {
  return sourceOf(await openParquetStore(directory, warn));
}

function sourceOf(store: Store): Source {
  return {
    run: async (query) => runQuery(await store.connect(), query),
    raw: async (statement) => runRaw(await store.connect(), statement),
    close: () => store.close(),
  };
}
