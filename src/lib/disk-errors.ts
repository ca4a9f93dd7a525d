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

/** System error codes for the messages of others, such as DuckDB. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/no space left|disk (is )?full/i, 'ENOSPC'],
  [/input\/output error/i, 'EIO'],
  [/permission denied/i, 'EACCES'],
  [/read-only file system/i, 'EROFS'],
  [/too many open files/i, 'EMFILE'],
];

/** The same as `diskProblem`, for a file that is only read. */
export function readProblem(error: unknown): string {
  return problem(error, { ...REMEDIES, ...READ_REMEDIES });
}

/** The first line of a disk error and, where it is known, what the user can do. */
export function diskProblem(error: unknown): string {
  return problem(error, REMEDIES);
}

function problem(error: unknown, remedies: Readonly<Record<string, string>>): string {
  const line = messageOf(error).split('\n', 1)[0] ?? '';
  const told = (error as NodeJS.ErrnoException | null)?.code;
  const code =
    told !== undefined && told in remedies ? told : PHRASES.find(([phrase]) => phrase.test(line))?.[1];
  const remedy = code === undefined ? undefined : remedies[code];
  return remedy === undefined ? line : `${line}; ${remedy}`;
}
