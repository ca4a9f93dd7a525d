import { type Stats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { diskProblem, readProblem } from './disk-errors';
import { BtcdmonError, FailureError, UsageError } from './errors';
import { expandHome } from './home';

/**
 * Names of pipes that are open already, which a shell gives for `<(command)`. Such a pipe ends when its
 * writer ends.
 */
const OPEN_ALREADY = /^\/(dev\/(stdin|fd\/\d+)|proc\/(self|\d+)\/fd\/\d+)$/;

/** What may be read, and how errors name it. */
export interface NamedFileOptions {
  /** The file as errors name it, such as `--token-file secrets/token`. */
  readonly what: string;
  /** What would be right, such as `a file of options`. */
  readonly right: string;
  readonly maxBytes: number;
}

/** There is no file of that name. `what` is the file as errors name it. */
export class MissingFile extends FailureError {
  constructor(
    readonly what: string,
    message: string,
  ) {
    super(message);
  }
}

/** A file that was read. */
export interface NamedFile {
  readonly bytes: Buffer;
  /** Its permission bits. */
  readonly mode: number;
}

/**
 * Reads a whole file that the user names; `~/` is the home. It opens only regular files: opening a FIFO waits
 * for a writer, and opening a device can have any effect.
 * @throws UsageError if it is something else or too long; FailureError, which says what to do, if it can't be
 * read
 */
export async function readNamedFile(named: string, options: NamedFileOptions): Promise<NamedFile> {
  const file = expandHome(named);
  try {
    check(await stat(file), file, options);
    const handle = await open(file, flagsFor(file));
    try {
      // The path may name something else by now.
      const { mode } = check(await handle.stat(), file, options);
      const bytes = Buffer.alloc(options.maxBytes + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        ({ bytesRead: read } = await handle.read(bytes, length, bytes.length - length, null));
      return { bytes: checkLength(bytes, length, options), mode: mode & 0o777 };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explained(error, options);
  }
}

/** The same as `readNamedFile`, synchronously. */
export function readNamedFileSync(named: string, options: NamedFileOptions): NamedFile {
  const file = expandHome(named);
  try {
    check(statSync(file), file, options);
    const descriptor = openSync(file, flagsFor(file));
    try {
      const { mode } = check(fstatSync(descriptor), file, options);
      const bytes = Buffer.alloc(options.maxBytes + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = readSync(descriptor, bytes, length, bytes.length - length, null);
      return { bytes: checkLength(bytes, length, options), mode: mode & 0o777 };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw explained(error, options);
  }
}

/**
 * Checks that the path of one of the program's own files names a file or nothing.
 * @throws FailureError where it names something else
 */
export function checkOwnFile(file: string, what: string): void {
  let found: Stats;
  try {
    found = statSync(file);
  } catch (error) {
    // `throwIfNoEntry: false` also hides ENOTDIR in Node.js 24.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new FailureError(`${what}: ${file} can't be used: ${diskProblem(error)}`);
  }
  const kind = kindOf(found);
  if (kind !== null) throw new FailureError(`${what}: ${file} is ${kind}, not a file; move it away`);
}

/** Describes a path that is no file; null for a file. */
export function kindOf(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a FIFO (a named pipe)';
  return stats.isSocket() ? 'a socket' : 'a device';
}

function isOpenPipe(file: string): boolean {
  return OPEN_ALREADY.test(file);
}

function flagsFor(file: string): number {
  return constants.O_RDONLY | (isOpenPipe(file) ? 0 : constants.O_NONBLOCK);
}

function check(stats: Stats, file: string, { what, right }: NamedFileOptions): Stats {
  const kind = kindOf(stats);
  if (kind === null || (stats.isFIFO() && isOpenPipe(file))) return stats;
  throw new UsageError(`${what}: is ${kind}, not a file; give ${right}`);
}

function checkLength(bytes: Buffer, length: number, { what, right, maxBytes }: NamedFileOptions): Buffer {
  if (length > maxBytes) throw new UsageError(`${what}: is longer than ${maxBytes} bytes; give ${right}`);
  return bytes.subarray(0, length);
}

function explained(error: unknown, { what }: NamedFileOptions): BtcdmonError {
  if (error instanceof BtcdmonError) return error;
  const message = `${what}: can't be read: ${readProblem(error)}`;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? new MissingFile(what, message) : new FailureError(message);
}
