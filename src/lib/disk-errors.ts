import { constants } from 'node:os';
import { messageOf } from './errors';

/** What the user can do, by the system's error code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room on it',
  EDQUOT: 'the quota of this user is used up: make room, or raise it',
  EFBIG: 'the file is as large as it may be: raise the limit (ulimit -f)',
  EIO: 'the disk fails: look at the log of the system (dmesg)',
  EROFS: 'the disk is mounted read-only: mount it for writing',
  EACCES: 'give the user of btcdmon-node the right to write there',
  EPERM: 'give the user of btcdmon-node the right to write there',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine: close some',
  ENOENT: 'a folder of this path does not exist: make it, or name another path',
  ENOTDIR: 'there is a file where a folder is needed: move it away, or name another path',
  EEXIST: 'something else is there: move it away, or name another path',
  EISDIR: 'there is a folder where a file is needed: move it away, or name another path',
  ELOOP: 'its symbolic links form a loop: name the file itself',
  ENAMETOOLONG: 'name a shorter path',
  ESPIPE: 'there is a pipe where a file is needed: move it away, or name another path',
  // The holder of an open file still fails after the disk is back.
  ESTALE: 'the network disk has lost the file: mount it again, and start btcdmon-node again',
  UNKNOWN:
    'the system tells no more: see its log (dmesg), whether the quota of this user is used up, and whether a network disk must be mounted again',
};

/** What the user can do where a file that he names cannot be read. */
const READ_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'name a file that is there',
  ENOTDIR: 'name a file that is there',
  EACCES: 'give the user of btcdmon-node the right to read it',
  EPERM: 'give the user of btcdmon-node the right to read it',
  EISDIR: 'name a file',
  ENXIO: 'name a file',
};

/** What to do where a Unix socket can't be connected to. */
const CONNECT_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'no socket is there: start the program that listens on it, or name another path',
  ENOTDIR: 'no socket is there: start the program that listens on it, or name another path',
  EACCES: 'give the user of btcdmon-node the right to write to this socket',
  EPERM: 'give the user of btcdmon-node the right to write to this socket',
};

/** Codes for which Node.js has no name: its errors have the number alone. */
const UNNAMED: ReadonlyMap<number, string> = new Map([
  [constants.errno.EDQUOT, 'EDQUOT'],
  [constants.errno.ESTALE, 'ESTALE'],
]);

const ALL_REMEDIES: readonly string[] = [REMEDIES, READ_REMEDIES, CONNECT_REMEDIES].flatMap((remedies) =>
  Object.values(remedies),
);

/** Error codes by the texts of glibc and musl, which appear in messages of libraries such as DuckDB. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/no space left|disk (is )?full/i, 'ENOSPC'],
  [/(disk )?quota exceeded/i, 'EDQUOT'],
  [/file too large/i, 'EFBIG'],
  [/input\/output error|\bi\/o error/i, 'EIO'],
  [/permission denied/i, 'EACCES'],
  [/operation not permitted/i, 'EPERM'],
  [/read-only file system/i, 'EROFS'],
  [/too many open files in system/i, 'ENFILE'],
  [/too many open files|no file descriptors available/i, 'EMFILE'],
  [/no such file or directory/i, 'ENOENT'],
  [/not a directory/i, 'ENOTDIR'],
  [/is a directory/i, 'EISDIR'],
  [/too many (levels of )?symbolic links|symbolic link loop/i, 'ELOOP'],
  [/file ?name too long/i, 'ENAMETOOLONG'],
  [/stale (nfs )?file handle/i, 'ESTALE'],
];

/** The same as `diskProblem`, for a file that is only read. */
export function readProblem(error: unknown): string {
  return problem(error, { ...REMEDIES, ...READ_REMEDIES });
}

/**
 * The first line of an error of the file system with its remedy, if one is known. A line that has its remedy
 * already, or is of another kind, stays as it is.
 */
export function diskProblem(error: unknown): string {
  return problem(error, REMEDIES);
}

function problem(error: unknown, remedies: Readonly<Record<string, string>>): string {
  const { code: told, errno, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const named = errno === undefined ? undefined : UNNAMED.get(-errno);
  const [first = ''] = messageOf(error).split('\n', 1);
  const line = named === undefined ? first : first.replace(/(Unknown system error -\d+)(: \1)?/, named);
  if (ALL_REMEDIES.some((remedy) => line.includes(remedy))) return line;
  const known = told !== undefined && told in remedies ? told : named;
  const code = known ?? WORDS.find(([word]) => word.test(line))?.[1];
  if (code === undefined) return line;
  const remedy = (syscall === 'connect' ? CONNECT_REMEDIES[code] : undefined) ?? remedies[code];
  return remedy === undefined ? line : `${line}; ${remedy}`;
}
