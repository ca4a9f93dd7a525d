import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FailureError } from '../lib/errors';

/** Bytes of the longest path of a Unix socket: 107 on Linux, 103 on macOS and the BSDs. */
const MAX_SOCKET_PATH = 103;

/**
 * Where the node that has the store open answers queries: `<store>.sock`. Where that is too long for a socket, in a folder
 * of this user alone below the system's temporary one, under a name that follows from the store's path.
 */
export function socketPath(storePath: string): string {
  const beside = `${realPath(storePath)}.sock`;
  if (Buffer.byteLength(beside) <= MAX_SOCKET_PATH) return beside;
  const name = createHash('sha256').update(beside).digest('hex').slice(0, 32);
  return path.join(os.tmpdir(), `btcdmon-${userId()}`, `${name}.sock`);
}

/**
 * Makes sure that the folder of a socket outside of the data folder belongs to this user and is closed to others: anybody
 * may have made it before, since its name can be guessed. With `create` it is made where it is missing.
 * @throws FailureError where it is not safe to use
 */
export function checkSocketFolder(socket: string, storePath: string, create: boolean): void {
  const folder = path.dirname(socket);
  if (folder === path.dirname(realPath(storePath))) return;
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH)
    throw new FailureError(`socket ${socket}: too long a path for a socket; set TMPDIR to a shorter folder`);
  let stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined && create) {
    mkdirSync(folder, { mode: 0o700, recursive: true });
    stat = lstatSync(folder);
  }
  if (stat === undefined) return;
  if (!stat.isDirectory() || stat.uid !== userId() || (stat.mode & 0o077) !== 0)
    throw new FailureError(
      `socket folder ${folder}: it must be a folder of your own with mode 0700; remove it, or set TMPDIR to another place`,
    );
}

/** The same path by whatever way the store is named: relative, or through a symbolic link. */
function realPath(storePath: string): string {
  const absolute = path.resolve(storePath);
  for (const [existing, rest] of [
    [absolute, ''],
    [path.dirname(absolute), path.basename(absolute)],
  ] as const) {
    try {
      return path.join(realpathSync(existing), rest);
    } catch {
      // Not there yet; its folder may be.
    }
  }
  return absolute;
}

function userId(): number {
  return os.userInfo().uid;
}
