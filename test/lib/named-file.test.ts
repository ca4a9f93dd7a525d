import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HeaderStore } from '../../src/chain/header-store';
import { REGTEST } from '../chain/mine';
import { readConfigFile } from '../../src/cli/config-file';
import { FailureError, UsageError } from '../../src/lib/errors';
import { Spool } from '../../src/export/spool/spool';
import { readNamedFile, readNamedFileSync } from '../../src/lib/named-file';
import { AddressFile } from '../../src/p2p/join/address-file';
import { readCertificates, readSecretFile, readSecretText } from '../../src/lib/secret';
import { openStore } from '../../src/store/store';
import { BIN } from '../support/program';

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-named-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** What is not a file, and its name in errors. */
const KINDS: readonly (readonly [string, (place: string) => void])[] = [
  ['a FIFO (a named pipe)', (place) => void execFileSync('mkfifo', [place])],
  ['a folder', (place) => mkdirSync(place)],
  ['a device', (place) => symlinkSync('/dev/zero', place)],
];

/** The error that `work` throws. If it throws none, the test fails. */
async function errorOf(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was refused');
}

const OPTIONS = { what: '--x y', right: 'a file of x', maxBytes: 10 };

describe.each([
  ['readNamedFile', readNamedFile],
  ['readNamedFileSync', (...args: Parameters<typeof readNamedFileSync>) => readNamedFileSync(...args)],
] as const)('%s', (_, read) => {
  it('reads a file, and says how it may be used', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '0123456789', { mode: 0o640 });
    const { bytes, mode } = await read(file, OPTIONS);
    expect([String(bytes), mode]).toEqual(['0123456789', 0o640]);
  });

  it.each(KINDS)('refuses %s at once', async (kind, make) => {
    const file = path.join(folder, 'file');
    make(file);
    const error = await errorOf(() => read(file, OPTIONS));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe(`--x y: is ${kind}, not a file; give a file of x`);
  });

  it('refuses what is too long, is not there, or can’t be read', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '01234567890');
    expect((await errorOf(() => read(file, OPTIONS))).message).toBe(
      '--x y: is longer than 10 bytes; give a file of x',
    );
    const missing = await errorOf(() => read(path.join(folder, 'none'), OPTIONS));
    expect(missing).toBeInstanceOf(FailureError);
    expect(missing.message).toMatch(/^--x y: can't be read: ENOENT[^\n]*; name a file that is there$/);
    // A file of the kernel; reading its first bytes is an I/O error.
    if (process.platform === 'linux')
      expect((await errorOf(() => read('/proc/self/mem', OPTIONS))).message).toMatch(
        /^--x y: can't be read: EIO[^\n]*; the disk fails: look at the log of the system \(dmesg\)$/,
      );
  });
});

describe('files that the user names', () => {
  const readers: Readonly<Record<string, (file: string) => unknown>> = {
    settings: readConfigFile,
    secret: (file) => readSecretFile(file, `--token-file ${file}`),
    key: (file) => readSecretText(file, `--tls-key ${file}`, 'a key'),
    certificates: (file) => readCertificates(file, `--tls-cert ${file}`),
  };
  const cases = Object.entries(readers).flatMap(([name, read]) =>
    KINDS.map(([kind, make]) => [name, kind, read, make] as const),
  );
  it.each(cases)('%s: %s is refused in a line', async (_, kind, read, make) => {
    const file = path.join(folder, 'file');
    make(file);
    const error = await errorOf(() => read(file));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(/^--[\w-]+ \/[^\n]+, not a file; give [^\n]+$/);
    expect(error.message).toContain(`: is ${kind}, `);
  });
});

describe('files of the program’s own', () => {
  const spool = (name: string) => async (kind: (place: string) => void) => {
    const place = path.join(folder, 'spool');
    await (await Spool.open(place, { maxBytes: 1_000_000 })).close();
    rmSync(path.join(place, name), { force: true });
    kind(path.join(place, name));
    return Spool.open(place, { maxBytes: 1_000_000 });
  };
  const users: Readonly<Record<string, (kind: (place: string) => void) => unknown>> = {
    'a segment of a spool': spool('00000001.log'),
    'the cursor of a spool': spool('cursor'),
    'the name of a spool': spool('spool.json'),
    'the lock of a spool': spool('lock'),
    'the address book': (kind) => {
      kind(path.join(folder, 'peers-regtest.dat'));
      const times = { unixTime: () => 0, banSeconds: 1 };
      return new AddressFile(folder, 'regtest').load(times as never, () => undefined);
    },
    headers: (kind) => {
      kind(path.join(folder, 'headers-regtest.dat'));
      return HeaderStore.open(folder, 'regtest', REGTEST.genesis);
    },
    'the store': (kind) => {
      kind(path.join(folder, 'store.duckdb'));
      return openStore(path.join(folder, 'store.duckdb'));
    },
    'the log of the store': async (kind) => {
      const file = path.join(folder, 'store.duckdb');
      await (await openStore(file)).close();
      kind(`${file}.wal`);
      return openStore(file);
    },
  };
  const cases = Object.entries(users).flatMap(([name, use]) =>
    KINDS.map(([kind, make]) => [name, kind, use, make] as const),
  );
  it.each(cases)('%s: %s is refused in a line with the remedy', async (_, kind, use, make) => {
    const error = await errorOf(() => use(make));
    expect(error).toBeInstanceOf(FailureError);
    expect(error.message).toContain(` is ${kind}, not a file; `);
    expect(error.message).toMatch(/; (move it away|name another path)$/);
    expect(error.message).not.toContain('\n');
  });
});

describe('the program', () => {
  it.each([
    ['--config', []],
    ['--http-token-file', []],
    ['--token-file', ['collect', '--listen', 'tcp://0.0.0.0:0']],
    ['--tls-cert', ['collect', '--tls-key', '/dev/null']],
  ])('given a FIFO as %s ends at once with status 2', (option, words) => {
    const file = path.join(folder, 'fifo');
    execFileSync('mkfifo', [file]);
    const args = [BIN, ...words, ...(words.length === 0 ? ['-c', '127.0.0.1:1'] : []), option, file];
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH: process.env['PATH'], HOME: folder },
    });
    expect(stderr).toMatch(
      /^btcdmon-node: --[\w-]+ \S+: is a FIFO \(a named pipe\), not a file; give [^\n]+\n$/,
    );
    expect(status).toBe(2);
  });

  it('reads a pipe that is open already, as shells make one of <(command)', () => {
    const command = `echo 'network: moon' | exec '${process.execPath}' '${BIN}' -c 127.0.0.1:1 --config /dev/fd/0`;
    const { stderr } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
    expect(stderr).toMatch(/^btcdmon-node: \/dev\/fd\/0:1: network moon: give one of /);
  });
});
