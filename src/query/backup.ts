import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { FailureError } from '../lib/errors';
import { makeNewFile } from '../lib/new-file';
import type * as Copy from '../store/copy';
import type * as Store from '../store/store';
import { askCopy } from './client';

/** The parts that need DuckDB. They are loaded only where a store is copied: they take memory. */
function storeParts(): Pick<typeof Store, 'openStore'> & Pick<typeof Copy, 'copyStore'> {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { openStore } = require('../store/store') as typeof Store;
  const { copyStore } = require('../store/copy') as typeof Copy;
  /* eslint-enable @typescript-eslint/no-require-imports */
  return { openStore, copyStore };
}

/** What a copy of a store is. */
export interface Backup {
  readonly bytes: number;
  /** Time of the newest account of a node in it, in nanoseconds since the Unix epoch; null if it has none. */
  readonly newest: bigint | null;
}

/**
 * Copies a store to a new file, through the node that has it open or, if none runs, from the file itself. The
 * copy has everything that was on disk when it began. It gets its name only after it was opened successfully.
 * @param file as the user names it
 * @throws UsageError if the file exists already; FailureError if the copy can't be made
 */
export async function backUp(storeFile: string, file: string): Promise<Backup> {
  const store = path.resolve(storeFile);
  let backup: Backup | undefined;
  await makeNewFile(file, `backup ${file}`, async (temporary) => {
    try {
      if (!(await askCopy(store, temporary))) await copyFile(store, temporary);
      backup = await settle(temporary);
    } finally {
      for (const log of ['.wal', '.wal.checkpoint']) await rm(`${temporary}${log}`, { force: true });
    }
  });
  if (backup === undefined) throw new FailureError(`backup ${file}: was not made`);
  return backup;
}

/** Copies a store that no process writes, and keeps writers away meanwhile. */
async function copyFile(store: string, temporary: string): Promise<void> {
  const { openStore, copyStore } = storeParts();
  const opened = await openStore(store, { readOnly: true });
  try {
    await copyStore(opened, temporary, new AbortController().signal);
  } finally {
    await opened.close();
  }
}

/** Opens a copy, which takes its log into its file. */
async function settle(file: string): Promise<Backup> {
  const store = await storeParts().openStore(file);
  let newest: unknown;
  try {
    const connection = await store.connect();
    await connection.run('CHECKPOINT');
    if (store.layout.has('btcdmon')) {
      const reader = await connection.runAndReadAll('SELECT epoch_ns(max("time")) FROM btcdmon');
      newest = reader.getRows()[0]?.[0];
    }
    connection.closeSync();
  } finally {
    await store.close();
  }
  const { size } = await stat(file);
  return { bytes: size, newest: typeof newest === 'bigint' ? newest : null };
}
