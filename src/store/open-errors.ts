import type { Stats } from 'node:fs';
import { access, constants, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem, readProblem } from '../lib/disk-errors';
import { FailureError } from '../lib/errors';
import { checkOwnFile, kindOf } from '../lib/named-file';
import { programOf } from './process/title';

/** Most stores that an error names. */
const MOST_NAMED = 3;

const WRITE_RIGHT = 'give the user of btcdmon-node the right to write there, or name another path';

/**
 * Checks a path before DuckDB does: DuckDB's messages name neither the folder nor what would be right.
 * @throws FailureError where no store can be there
 */
export async function checkPath(file: string, mustExist: boolean): Promise<void> {
  const folder = path.dirname(file);
  const wrong = (reason: string): FailureError => new FailureError(`store ${file}: ${reason}`);
  const folderStat = await found(folder, wrong);
  if (folderStat === null) throw wrong(`the folder ${folder} does not exist; make it, or name another path`);
  if (!folderStat.isDirectory()) throw wrong(`${folder} is not a folder; name another path`);
  const fileStat = await found(file, wrong);
  if (fileStat === null) {
    if (mustExist) throw wrong(`there is no such file; ${await insteadOf(folder)}`);
    await access(folder, constants.W_OK).catch(() => {
      throw wrong(`the folder ${folder} is not writable; ${WRITE_RIGHT}`);
    });
  } else if (!fileStat.isFile()) {
    throw wrong(`is ${kindOf(fileStat) ?? ''}, not a file; name another path`);
  } else if (!mustExist) {
    await access(file, constants.W_OK).catch(() => {
      throw wrong(`the file is not writable; ${WRITE_RIGHT}`);
    });
  }
  for (const log of [`${file}.wal`, `${file}.wal.checkpoint`]) checkOwnFile(log, `store ${file}`);
}

/** What may be right where a store is missing: others in its folder, as that of `demo`, or a first start. */
async function insteadOf(folder: string): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.duckdb')).sort();
  if (names.length === 0) return 'start btcdmon-node once to make it';
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return `the folder has ${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** The status of what is at a path; null where there is nothing. */
async function found(place: string, wrong: (reason: string) => FailureError): Promise<Stats | null> {
  try {
    return await stat(place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw wrong(`can't be looked at: ${readProblem(error)}`);
  }
}

/**
 * Whether a message is of a fatal error, after which DuckDB refuses everything until the file is reopened.
 */
export function isFatal(message: string): boolean {
  return /FATAL|invalidated/.test(message);
}

/** Whether a message says that there was no memory left, in DuckDB's words or those of the C++ library. */
export function isOutOfMemory(message: string): boolean {
  return /out of memory|bad_alloc|bad allocation|could not allocate|failed to allocate/i.test(message);
}

/** Whether a message says that another process has the file open. */
export function isLocked(message: string): boolean {
  return /could not set lock|conflicting lock/i.test(message);
}

/** One line for the error of DuckDB that could not open `file`. */
export function explainOpen(file: string, message: string): string {
  const holder = /PID (\d+)/.exec(message)?.[1];
  if (/lock/i.test(message) && holder !== undefined)
    return `store ${file}: in use by process ${programOf(Number(holder))}; stop that one, or give this one another file (--data-dir)`;
  if (/not a valid DuckDB database file/i.test(message))
    return `store ${file}: the file is not a DuckDB database; name another path or move it away`;
  return `store ${file}: can't be opened: ${damageOf(file, message)}`;
}

/** The first line of an error of DuckDB, with the remedy where the file is damaged. */
export function damageOf(file: string, message: string): string {
  const line = message.split('\n')[0] ?? '';
  if (line.includes('WAL file')) return `${line}; move ${file}.wal away and start again: ${MISSING}`;
  if (/corrupt|checksum|serialization error|read enough bytes/i.test(line))
    return `${line}; the file is damaged: move it and ${file}.wal away and start again, which makes a new store`;
  return diskProblem(line);
}

const MISSING = 'what was not yet in the store is then missing from it';
