import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { diskProblem } from '../../src/lib/disk-errors';
import { FailureError } from '../../src/lib/errors';
import { ParquetExporter } from '../../src/export/parquet/exporter';
import { Spool } from '../../src/export/spool/spool';
import { type ChildScript, childScript } from '../support/child';
import { Cleanup } from '../support/cleanup';
import { makePoints } from '../support/make-points';
import { TestClock } from '../support/points';
import { WRITES, failing, strace } from '../support/strace';
import { describeWithTmpfs, mountTmpfs } from '../support/tmpfs';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function newFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-disk-'));
  return cleanup.add(folder, (name) => rmSync(name, { recursive: true }));
}

/** What each code asks a person to do. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room on it',
  EDQUOT: 'the quota of this user is used up: make room, or raise it',
  EIO: 'the disk fails: look at the log of the system (dmesg)',
  EROFS: 'the disk is mounted read-only: mount it for writing',
  ESTALE: 'the network disk has lost the file: mount it again, and start btcdmon-node again',
  EACCES: 'give the user of btcdmon-node the right to write there',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  ENOENT: 'a folder of this path does not exist: make it, or name another path',
  ENOTDIR: 'there is a file where a folder is needed: move it away, or name another path',
  EISDIR: 'there is a folder where a file is needed: move it away, or name another path',
};

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  const { message } = error as FailureError;
  expect(message).not.toContain('\n');
  return message;
}

const openSpool = (folder: string): Promise<Spool> => Spool.open(folder, { maxBytes: 1_000_000 });

const clock = new TestClock();

function newParquet(directory: string, warnings: string[] = []): ParquetExporter {
  return new ParquetExporter(
    { directory, sealEveryMs: 5 },
    { clock, warn: (message) => warnings.push(message) },
  );
}

describe('an error of the file system', () => {
  it.each(Object.entries(REMEDIES))('%s comes with its remedy, which is not repeated', (code, remedy) => {
    const error = Object.assign(new Error(`${code}: words, open 'x'`), { code });
    const line = `${code}: words, open 'x'; ${remedy}`;
    expect(diskProblem(error)).toBe(line);
    expect(diskProblem(new FailureError(line))).toBe(line);
  });

  it.each([
    ['No space left on device', 'ENOSPC'],
    ['Disk quota exceeded', 'EDQUOT'],
    ['Quota exceeded', 'EDQUOT'],
    ['Input/output error', 'EIO'],
    ['I/O error', 'EIO'],
    ['Read-only file system', 'EROFS'],
    ['Stale file handle', 'ESTALE'],
    ['Stale NFS file handle', 'ESTALE'],
    ['Permission denied', 'EACCES'],
    ['Too many open files', 'EMFILE'],
    ['No file descriptors available', 'EMFILE'],
    ['No such file or directory', 'ENOENT'],
    ['Not a directory', 'ENOTDIR'],
    ['Is a directory', 'EISDIR'],
  ])('is known by the words of the system, as DuckDB repeats them: %s', (words, code) => {
    expect(diskProblem(new Error(`IO Error: Could not write file "x": ${words}\nStack`))).toBe(
      `IO Error: Could not write file "x": ${words}; ${REMEDIES[code] ?? ''}`,
    );
  });

  it('keeps the remedy for reading that a line has', () => {
    const line =
      "password-file=x: can't be read: EACCES: permission denied, open 'x'; give the user of btcdmon-node the right to read it";
    expect(diskProblem(new FailureError(line))).toBe(line);
  });

  it('is of a socket, and not of a folder, where a connection fails', () => {
    const error = { code: 'ENOENT', syscall: 'connect', message: 'connect ENOENT /run/x.sock' };
    expect(diskProblem(Object.assign(new Error(error.message), error))).toBe(
      'connect ENOENT /run/x.sock; no socket is there: start the program that listens on it, or name another path',
    );
  });
});

describe('a spool', () => {
  it.each<[string, (folder: string) => string, RegExp]>([
    [
      'below a file',
      (folder) => {
        writeFileSync(path.join(folder, 'file'), '');
        return path.join(folder, 'file', 'spool');
      },
      /: can't be used: ENOTDIR[^\n]*; there is a file where a folder is needed: move it away, or name another path$/,
    ],
    [
      'in the place of a file',
      (folder) => {
        writeFileSync(path.join(folder, 'spool'), '');
        return path.join(folder, 'spool');
      },
      /: can't be used: EEXIST[^\n]*; something else is there: move it away, or name another path$/,
    ],
    [
      'behind symbolic links that form a loop',
      (folder) => {
        symlinkSync(path.join(folder, 'b'), path.join(folder, 'a'));
        symlinkSync(path.join(folder, 'a'), path.join(folder, 'b'));
        return path.join(folder, 'a', 'spool');
      },
      /: can't be used: ELOOP[^\n]*; its symbolic links form a loop: name the file itself$/,
    ],
    [
      'with a name that is too long',
      (folder) => path.join(folder, 'x'.repeat(300)),
      /: can't be used: ENAMETOOLONG[^\n]*; name a shorter path$/,
    ],
    ...['lock', 'cursor', 'spool.json', '00000001.log'].map(
      (name) =>
        [
          `with a folder in the place of ${name}`,
          (folder: string) => {
            mkdirSync(path.join(folder, name));
            return folder;
          },
          new RegExp(`${name} is a folder, not a file; move it away$`),
        ] as [string, (folder: string) => string, RegExp],
    ),
    [
      'with a folder in the place of spool.json.new',
      (folder) => {
        mkdirSync(path.join(folder, 'spool.json.new'));
        return folder;
      },
      /: can't be used: EISDIR[^\n]*; there is a folder where a file is needed: move it away, or name another path$/,
    ],
  ])('%s is refused in one line that says what to do', async (_, harm, message) => {
    expect(await failureOf(openSpool(harm(newFolder())))).toMatch(message);
  });
});

describe('Parquet', () => {
  it.each<[string, (folder: string) => string, RegExp]>([
    [
      'below a file',
      (folder) => {
        writeFileSync(path.join(folder, 'file'), '');
        return path.join(folder, 'file', 'points');
      },
      /: can't be made: ENOTDIR[^\n]*; there is a file where a folder is needed: move it away, or name another path$/,
    ],
    [
      'behind a link to nothing',
      (folder) => {
        symlinkSync(path.join(folder, 'none'), path.join(folder, 'points'));
        return path.join(folder, 'points');
      },
      /: can't be used: ENOENT[^\n]*; a folder of this path does not exist: make it, or name another path$/,
    ],
    [
      'with a folder in the place of its staging file',
      (folder) => {
        mkdirSync(path.join(folder, 'staging.duckdb'));
        return folder;
      },
      /is a folder, not a file; name another path$/,
    ],
  ])('%s is refused in one line that says what to do', async (_, harm, message) => {
    expect(await failureOf(newParquet(harm(newFolder())).open())).toMatch(message);
  });

  it('does not write over a file that it could not see', async () => {
    // A folder of the series that can't be listed: all open files are taken.
    const directory = path.join(newFolder(), 'points');
    const first = newParquet(directory);
    await first.open();
    clock.ns = BigInt(Date.UTC(2026, 10, 24, 13)) * 1_000_000n;
    await first.write(makePoints(10, clock));
    await first.close();
    const instance = await DuckDBInstance.create(path.join(directory, 'staging.duckdb'));
    const connection = await instance.connect();
    await connection.run("INSERT INTO btcdmon_parquet VALUES ('loop', '2026-11-24T13.parquet')");
    connection.closeSync();
    instance.closeSync();
    symlinkSync('loop', path.join(directory, 'loop'));
    expect(await failureOf(newParquet(directory).open())).toMatch(
      /: the files of an earlier run can't be finished: ELOOP[^\n]*; its symbolic links form a loop: name the file itself$/,
    );
    // What is to be named is not forgotten: it is when the folder can be seen again.
    rmSync(path.join(directory, 'loop'));
    mkdirSync(path.join(directory, 'loop'));
    writeFileSync(path.join(directory, 'loop', '2026-11-24T13.parquet.tmp'), '');
    const warnings: string[] = [];
    const last = newParquet(directory, warnings);
    await last.open();
    await last.close();
    expect(warnings).toEqual([]);
    openAndClose(path.join(directory, 'loop', '2026-11-24T13.parquet'));
  });
});

function openAndClose(file: string): void {
  closeSync(openSync(file, 'r'));
}

describeWithTmpfs('a disk', () => {
  it.each([
    ['a spool', (folder: string) => openSpool(path.join(folder, 'spool'))],
    ['a spool in a folder that is there', openSpool],
    ['Parquet', (folder: string) => newParquet(path.join(folder, 'points')).open()],
    ['Parquet in a folder that is there', (folder: string) => newParquet(folder).open()],
  ])('that is mounted read-only is told by %s', async (_, open) => {
    const disk = cleanup.add(mountTmpfs(65_536), (it) => it.remove());
    execFileSync('mount', ['-o', 'remount,ro', disk.folder]);
    expect(await failureOf(open(disk.folder))).toMatch(
      /(EROFS|read-only file system)[^\n]*; the disk is mounted read-only: mount it for writing$/,
    );
  });

  it('that is full is told by Parquet, which seals its hours once there is room', async () => {
    const disk = cleanup.add(mountTmpfs(30_000_000), (it) => it.remove());
    const directory = path.join(disk.folder, 'points');
    const warnings: string[] = [];
    const exporter = newParquet(directory, warnings);
    await exporter.open();
    clock.ns = BigInt(Date.UTC(2026, 10, 24, 13)) * 1_000_000n;
    await exporter.write(makePoints(2_000, clock));
    const filler = path.join(disk.folder, 'filler');
    for (let size = 30_000_000; size > 100; size >>= 1)
      try {
        writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
      } catch {
        // Less fits.
      }
    clock.ns += 7_200_000_000_000n;
    await until('a warning', () => warnings.length > 0);
    expect(warnings[0]).toMatch(
      /^parquet:[^\n]*: a file can't be written and is tried again: [^\n]*; the disk is full: make room on it$/,
    );
    rmSync(filler);
    await until('the file', () => {
      try {
        openAndClose(path.join(directory, 'tx', '2026-11-24T13.parquet'));
        return true;
      } catch {
        return false;
      }
    });
    await exporter.close();
  });
});

strace.describe('a file that fails', (program) => {
  const scripts = new Map<string, ChildScript>();
  beforeAll(() => {
    for (const name of ['spool', 'stdout']) scripts.set(name, childScript(`support/${name}-child.ts`));
  });
  afterAll(() => {
    for (const script of scripts.values()) script.remove();
  });

  /** Runs a script with calls on one file failing, and gives what it prints. */
  const run = (name: string, args: string[], file: string, calls: string, code: string, output?: number) => {
    const script = scripts.get(name);
    if (script === undefined) throw new Error(name);
    const { stdout, stderr } = spawnSync(
      program,
      [...failing([file], calls, code), process.execPath, script.file, ...args],
      { encoding: 'utf8', env: script.env, timeout: 60_000, stdio: ['ignore', output ?? 'pipe', 'pipe'] },
    );
    return output === undefined ? stdout : stderr;
  };
  it.each(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EACCES', 'ESTALE'])(
    'with %s is told by the spool',
    (code) => {
      const folder = newFolder();
      const file = path.join(folder, '00000001.log');
      writeFileSync(file, '');
      expect(run('spool', [folder], file, WRITES, code)).toMatch(
        new RegExp(
          `^away: the spool can't be written, 100 points wait in memory: ${code}[^\\n]*; ${escaped(code)}\n$`,
        ),
      );
    },
  );

  it.each(['EMFILE', 'ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EACCES', 'ESTALE'])(
    'with %s when it is opened is told by the spool',
    (code) => {
      const folder = newFolder();
      const file = path.join(folder, '00000001.log');
      writeFileSync(file, '');
      expect(run('spool', [folder], file, 'open,openat', code)).toMatch(
        new RegExp(`^spool ${folder}: can't be used: ${code}[^\\n]*; ${escaped(code)}\n$`),
      );
    },
  );

  it('is no reason to forget what was delivered, where it is the cursor', () => {
    const folder = newFolder();
    const file = path.join(folder, 'cursor');
    writeFileSync(file, '');
    expect(run('spool', [folder], file, 'read,pread64', 'EIO')).toMatch(
      new RegExp(`^spool ${folder}: can't be used: EIO[^\\n]*; ${escaped('EIO')}\n$`),
    );
  });

  it.each([
    ['ENOSPC', 'ENOSPC', escaped('ENOSPC')],
    // Node.js does not tell this one from others here.
    [
      'EDQUOT',
      'UNKNOWN',
      'the system tells no more: see its log \\(dmesg\\), whether the quota of this user is used up, and whether a network disk must be mounted again',
    ],
    ['EIO', 'EIO', escaped('EIO')],
  ])('with %s is told by stdout', (code, said, remedy) => {
    const file = path.join(newFolder(), 'lines');
    const output = openSync(file, 'w');
    try {
      expect(run('stdout', ['100'], file, WRITES, code, output)).toMatch(
        new RegExp(`^stdout: can't be written: ${said}[^\\n]*; ${remedy}\n`),
      );
    } finally {
      closeSync(output);
    }
  });
});

function escaped(code: string): string {
  return (REMEDIES[code] ?? '').replace(/[()]/g, '\\$&');
}
