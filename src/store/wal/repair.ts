import { copyFile, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { diskProblem, readProblem } from '../../lib/disk-errors';
import { FailureError, messageOf } from '../../lib/errors';
import { isSeries } from '../../metrics/schema';
import { isLocked } from '../open-errors';
import { withoutOldMarkers } from './markers';
import { type Loss, scanLog } from './scan';

/**
 * The largest log that is checked; a larger one is left to DuckDB, which writes logs of 16 MB into the file.
 */
const MAX_BYTES = 1_000_000_000;

/** Tables that a warning names. */
const MAX_NAMED = 5;

/**
 * The logs of a store: the main one, and the one of transactions that come while the main one is written into
 * the file.
 */
function logsOf(file: string): readonly [string, string] {
  return [`${file}.wal`, `${file}.wal.checkpoint`];
}

/** The receiver of a repair's warnings. */
export interface RepairModules {
  /** Called with one line that says what was damaged and what is lost. */
  readonly warn: (message: string) => void;
  /** Called with the least number of points that are lost. */
  readonly lost: (points: number) => void;
}

/** What a user can do where a log cannot be repaired. */
function logRemedy(file: string): string {
  const [log, checkpoint] = logsOf(file);
  return `move ${log} (and ${path.basename(checkpoint)}, if it is there) away and start again: what was not yet in the store is then missing from it`;
}

/**
 * Repairs a damaged write-ahead log before DuckDB reads it: DuckDB would refuse the store for ever, or skip
 * everything after the damage without a word. The damaged log is kept aside. A log that another process may
 * be writing is left alone.
 * @throws FailureError with the remedy where the log cannot be repaired
 */
export async function repairLogs(file: string, { warn, lost }: RepairModules): Promise<void> {
  const [log, checkpoint] = logsOf(file);
  for (const name of [log, checkpoint]) {
    const bytes = await readLog(name);
    const found = bytes === null ? null : scanLog(bytes);
    if (bytes === null || found === null) continue;
    if (found.state === 'whole') {
      const cleaned = name === log ? withoutOldMarkers(bytes) : null;
      if ((cleaned === null && found.torn === undefined) || (await isInUse(file))) continue;
      if (cleaned !== null) await rewrite(file, name, cleaned);
      if (found.torn !== undefined) warn(`store ${file}: ${tornText(found.torn)}`);
      continue;
    }
    if (await isInUse(file)) return;
    if (found.state === 'unknown' || (name === log && (await sizeOf(checkpoint)) > 0))
      throw new FailureError(
        `store ${file}: its write-ahead log is damaged, or of another version of DuckDB; ${logRemedy(file)}`,
      );
    const aside = await replace(file, name, found.repaired);
    warn(
      `store ${file}: its write-ahead log was damaged${lossText(found.losses)}; the log as it was is ${aside}`,
    );
    const points = pointsIn(found.losses);
    if (points > 0) lost(points);
  }
}

/**
 * Checks the logs of a store that was opened only for reading.
 * @throws FailureError with the remedy
 */
export async function checkLogs(file: string): Promise<void> {
  for (const name of logsOf(file)) {
    const bytes = await readLog(name);
    if (bytes !== null && scanLog(bytes).state !== 'whole')
      throw new FailureError(
        `store ${file}: its write-ahead log ${name} is damaged; start btcdmon-node with this store once, which repairs it`,
      );
  }
}

/** The bytes of a log; null if there is none, or if it is too large. */
async function readLog(name: string): Promise<Buffer | null> {
  const size = await sizeOf(name);
  if (size === 0 || size > MAX_BYTES) return null;
  try {
    return await readFile(name);
  } catch (error) {
    throw new FailureError(`store: its write-ahead log ${name} can't be read: ${readProblem(error)}`);
  }
}

async function sizeOf(name: string): Promise<number> {
  return (await stat(name).catch(() => undefined))?.size ?? 0;
}

/** Whether another process has the store open. DuckDB reports that before it reads the log. */
async function isInUse(file: string): Promise<boolean> {
  try {
    (await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })).closeSync();
    return false;
  } catch (error) {
    return isLocked(messageOf(error));
  }
}

/**
 * Replaces a log and keeps the old one under another name, which it returns. One of the two is there at any
 * moment.
 */
async function replace(file: string, name: string, bytes: Buffer): Promise<string> {
  const aside = `${name}.damaged-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
  await rewrite(file, name, bytes, aside);
  return aside;
}

/** Replaces a log at once. The old log is kept under `aside`, if that is given. */
async function rewrite(file: string, name: string, bytes: Buffer, aside?: string): Promise<void> {
  const next = `${name}.repaired`;
  try {
    const handle = await open(next, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Not every file system has links.
    if (aside !== undefined) await link(name, aside).catch(() => copyFile(name, aside));
    await rename(next, name);
  } catch (error) {
    await rm(next, { force: true }).catch(() => undefined);
    throw new FailureError(
      `store ${file}: its write-ahead log is damaged and can't be kept aside: ${diskProblem(error)}; ` +
        `make room and the folder writable, or ${logRemedy(file)}`,
    );
  }
}

/**
 * The number of points that are lost: rows of series, and one for a transaction that no longer tells its
 * rows.
 */
function pointsIn(losses: readonly Loss[]): number {
  let points = 0;
  for (const { rows } of losses) {
    for (const [table, count] of rows) if (isSeries(table)) points += count;
    if (rows.size === 0) points += 1;
  }
  return points;
}

function lossText(losses: readonly Loss[]): string {
  if (losses.length === 0) return ' and could be restored: nothing is lost';
  const rows = new Map<string, number>();
  let bytes = 0;
  for (const loss of losses) {
    bytes += loss.bytes;
    for (const [table, count] of loss.rows) rows.set(table, (rows.get(table) ?? 0) + count);
  }
  const what = losses.length === 1 ? '1 transaction is' : `${losses.length} transactions are`;
  return ` at byte ${losses[0]?.at ?? 0}: ${what} lost (${bytes} bytes)${rowsText(rows)}; all others are kept`;
}

/** A process that still has the points writes them again. */
function tornText({ bytes, rows }: Loss): string {
  return (
    'its write-ahead log ends in the middle of a transaction, as a kill or a power cut leaves it: ' +
    `${bytes} bytes${rowsText(rows)}; it was not committed`
  );
}

function rowsText(rows: ReadonlyMap<string, number>): string {
  const named = [...rows].sort(([, a], [, b]) => b - a);
  if (named.length === 0) return '';
  const text = named.slice(0, MAX_NAMED).map(([table, count]) => `${count} of ${table}`);
  const more = named.length > MAX_NAMED ? ` and of ${named.length - MAX_NAMED} more tables` : '';
  return `, with about these rows: ${text.join(', ')}${more}`;
}
