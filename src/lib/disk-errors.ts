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
};

/** What the words of others, such as DuckDB's, stand for. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/no space left|disk (is )?full/i, 'ENOSPC'],
  [/input\/output error/i, 'EIO'],
  [/permission denied/i, 'EACCES'],
  [/read-only file system/i, 'EROFS'],
  [/too many open files/i, 'EMFILE'],
];

/** The first line of an error of the disk and, where it is known, what is to be done. */
export function diskProblem(error: unknown): string {
  const line = messageOf(error).split('\n', 1)[0] ?? '';
  const told = (error as NodeJS.ErrnoException | null)?.code;
  const code = told !== undefined && told in REMEDIES ? told : WORDS.find(([word]) => word.test(line))?.[1];
  const remedy = code === undefined ? undefined : REMEDIES[code];
  return remedy === undefined ? line : `${line}; ${remedy}`;
}
