import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FailureError } from '../lib/errors';
import { MAX_SOCKET_PATH } from '../lib/max-socket-path';

/**
 * Path of the socket on which the node that has the store open answers queries: `<store>.sock`. If that is
 * too long for a socket, it is in a folder of this user below the system's temporary folder, under a name
 * derived from the store's path.
 */
export function socketPath(storePath: string): string {
  const beside = `${realPath(storePath)}.sock`;
  if (Buffer.byteLength(beside) <= MAX_SOCKET_PATH) return beside;
  const name = createHash('sha256').update(beside).digest('hex').slice(0, 32);
  return path.join(os.tmpdir(), `btcdmon-${userId()}`, `${name}.sock`);
}

/**
 * Makes sure that a socket folder outside the data folder belongs to this user and is closed to others. Its
 * name can be guessed, so anybody may have created it before. With `create` it is created if it is missing.
 * @throws FailureError if it is not safe to use
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

/** One path for all names of a store: relative, or through a symbolic link. */
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
