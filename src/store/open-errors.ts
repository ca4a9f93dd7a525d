import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { FailureError } from '../lib/errors';
import { programOf } from './process/title';

/**
 * Looks at a path before DuckDB does, whose messages name neither the folder nor what would be right.
 * @throws FailureError where no store can be there
 */
export async function checkPath(file: string, mustExist: boolean): Promise<void> {
  const folder = path.dirname(file);
  const folderStat = await stat(folder).catch(() => null);
  if (folderStat === null) throw new FailureError(`store ${file}: the folder ${folder} does not exist`);
  if (!folderStat.isDirectory()) throw new FailureError(`store ${file}: ${folder} is not a folder`);
  const fileStat = await stat(file).catch(() => null);
  if (fileStat === null) {
    if (mustExist)
      throw new FailureError(`store ${file}: there is no such file; start btcdmon-node once to make it`);
    await access(folder, constants.W_OK).catch(() => {
      throw new FailureError(`store ${file}: the folder ${folder} is not writable`);
    });
  } else if (!fileStat.isFile()) {
    throw new FailureError(`store ${file}: not a file${fileStat.isDirectory() ? ' but a folder' : ''}`);
  } else if (!mustExist) {
    await access(file, constants.W_OK).catch(() => {
      throw new FailureError(`store ${file}: the file is not writable`);
    });
  }
}

/** Whether DuckDB can't open a file because another process has it. */
export function isLocked(message: string): boolean {
  return /could not set lock|conflicting lock/i.test(message);
}

/** One line for what DuckDB says when it can't open `file`. */
export function explainOpen(file: string, message: string): string {
  const holder = /PID (\d+)/.exec(message)?.[1];
  if (/lock/i.test(message) && holder !== undefined)
    return `store ${file}: in use by process ${programOf(Number(holder))}; stop that one, or give this one another file (--data-dir)`;
  if (/not a valid DuckDB database file/i.test(message))
    return `store ${file}: the file is not a DuckDB database; name another path or move it away`;
  return `store ${file}: can't be opened: ${damageOf(file, message)}`;
}

/** The first line of what DuckDB says of a store, with the remedy where the file is damaged. */
export function damageOf(file: string, message: string): string {
  const line = message.split('\n')[0] ?? '';
  if (line.includes('WAL file')) return `${line}; move ${file}.wal away and start again: ${MISSING}`;
  if (/corrupt|checksum|serialization error/i.test(line))
    return `${line}; the file is damaged: move it and ${file}.wal away and start again, which makes a new store`;
  return line;
}

const MISSING = 'what was not yet in the store is then missing from it';
