import { messageOf } from './errors';

/** What to do, by the system's code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room on it',
  EDQUOT: 'the quota of this user is used up: make room, or raise it',
  EFBIG: 'the file is as large as it may be: raise the limit (ulimit -f)',
  EIO: 'the disk fails: look at the log of the system (dmesg)',
  EROFS: 'the disk is mounted for reading alone: mount it for writing',
  EACCES: 'give the user of btcdmon-node the right to write there',
  EPERM: 'give the user of btcdmon-node the right to write there',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine: close some',
  ENOENT: 'a folder of this path does not exist: make it, or name another path',
  ENOTDIR: 'a file stands where a folder must be: move it away, or name another path',
  EEXIST: 'something else stands there: move it away, or name another path',
  EISDIR: 'a folder stands where a file must be: move it away, or name another path',
  ELOOP: 'its links lead in a circle: name the place itself',
  ENAMETOOLONG: 'name a shorter path',
  ESPIPE: 'a pipe stands where a file must be: move it away, or name another path',
};

/** What is to be done where a file is to be read that the user names. */
const READ_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'name a file that is there',
  ENOTDIR: 'name a file that is there',
  EACCES: 'give the user of btcdmon-node the right to read it',
  EPERM: 'give the user of btcdmon-node the right to read it',
  EISDIR: 'name a file',
  ENXIO: 'name a file',
};

/** What the words of others, such as DuckDB's, stand for. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/no space left|disk (is )?full/i, 'ENOSPC'],
  [/input\/output error/i, 'EIO'],
  [/permission denied/i, 'EACCES'],
  [/read-only file system/i, 'EROFS'],
  [/too many open files/i, 'EMFILE'],
];

/** The same where a file is only read. */
export function readProblem(error: unknown): string {
  return problem(error, { ...REMEDIES, ...READ_REMEDIES });
}

/** The first line of an error of the disk and, where it is known, what is to be done. */
export function diskProblem(error: unknown): string {
  return problem(error, REMEDIES);
}

function problem(error: unknown, remedies: Readonly<Record<string, string>>): string {
  const line = messageOf(error).split('\n', 1)[0] ?? '';
  const told = (error as NodeJS.ErrnoException | null)?.code;
  const code = told !== undefined && told in remedies ? told : WORDS.find(([word]) => word.test(line))?.[1];
  const remedy = code === undefined ? undefined : remedies[code];
  return remedy === undefined ? line : `${line}; ${remedy}`;
}
