import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, constants, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { diskProblem } from '../lib/disk-errors';
import { FailureError, messageOf } from '../lib/errors';
import type { Store } from './store';
import { checkLogs } from './wal/repair';

/** How often a copy is begun anew because a checkpoint came between. */
const TRIES = 5;

/** Bytes that are copied at once. */
const PIECE_BYTES = 1_048_576;

/** The suffixes of a store's logs. */
const LOGS = ['.wal', '.wal.checkpoint'];

/** A table that no transaction ever commits. */
const HOLD = 'btcdmon_copying';

/**
 * Copies an open store, file and logs, to `target` while points are written and queries run. The copy has
 * every point that was on disk when it began. It needs that no checkpoint writes the logs into the file
 * meanwhile. A transaction that wrote something prevents checkpoints; commits continue and make the log
 * longer.
 * @throws FailureError if a checkpoint comes in each attempt, the log is damaged on the disk, or the copy
 * can't be written
 */
export async function copyStore(store: Store, target: string, signal: AbortSignal): Promise<void> {
  const connection = await store.connect();
  try {
    await hold(connection);
    let outcome: Outcome = 'changed';
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      outcome = await copyOnce(store.path, target, signal);
      if (outcome === 'copied') return;
    }
    throw new FailureError(
      outcome === 'changed'
        ? `store ${store.path}: its file changed during each of ${TRIES} copies; try again`
        : `store ${store.path}: its write-ahead log was damaged on the disk since it was opened; stop the node that writes it, which puts all points into the file, and start it again`,
    );
  } catch (error) {
    for (const log of ['', ...LOGS]) await rm(`${target}${log}`, { force: true });
    if (error instanceof FailureError || signal.aborted) throw error;
    throw new FailureError(`store ${store.path}: can't be copied to ${target}: ${diskProblem(error)}`);
  } finally {
    await connection.run('ROLLBACK').catch(() => undefined);
    connection.closeSync();
  }
}

/** Keeps checkpoints away until the end of the transaction. */
async function hold(connection: DuckDBConnection): Promise<void> {
  await connection.run('BEGIN');
  try {
    await connection.run(`CREATE TABLE ${HOLD} (x INTEGER)`);
  } catch (error) {
    // A store that is only read has no checkpoints.
    if (!messageOf(error).includes('read-only')) throw error;
  }
}

/** What came of a copy: `changed` where the file changed meanwhile. */
type Outcome = 'copied' | 'changed' | 'damaged';

async function copyOnce(from: string, target: string, signal: AbortSignal): Promise<Outcome> {
  const before = await marksOf(from);
  await copy(from, target, signal);
  for (const log of LOGS) {
    await rm(`${target}${log}`, { force: true });
    if ((await marksOf(`${from}${log}`)) !== '') await copy(`${from}${log}`, `${target}${log}`, signal);
  }
  if ((await marksOf(from)) !== before) return 'changed';
  try {
    await checkLogs(target);
    return 'copied';
  } catch {
    return 'damaged';
  }
}

/** Size and time of change of a file; '' if there is none. */
async function marksOf(file: string): Promise<string> {
  try {
    const { size, mtimeNs, ino } = await stat(file, { bigint: true });
    return `${size} ${mtimeNs} ${ino}`;
  } catch {
    return '';
  }
}

async function copy(from: string, to: string, signal: AbortSignal): Promise<void> {
  try {
    // Where the file system can share the blocks of both.
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
  } catch {
    const input = createReadStream(from, { highWaterMark: PIECE_BYTES });
    await pipeline(input, createWriteStream(to, { mode: 0o600 }), { signal });
  }
}
