import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openStore } from '../../src/store/store';
import { StoreWriter } from '../../src/store/writer';
import { keepRetention } from '../../src/store/retention';
import { Cleanup } from '../support/cleanup';
import { makePoints } from '../support/make-points';
import { TestClock } from '../support/points';
import { BIN } from '../support/program';
import { WRITES, failing, strace } from '../support/strace';
import { describeWithTmpfs, mountTmpfs } from '../support/tmpfs';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Runs another command so that permissions bind it, which do not bind root otherwise. */
const BOUND =
  process.getuid?.() === 0
    ? [
        'setpriv',
        '--bounding-set=-dac_override,-dac_read_search',
        '--inh-caps=-dac_override,-dac_read_search',
      ]
    : [];

interface Ended {
  readonly status: number | null;
  /** Its last words. */
  readonly error: string;
}

/** Runs the program to its end, by the command `under`, which starts another. */
function run(args: readonly string[], home: string, under: readonly string[] = []): Ended {
  const [command = '', ...rest] = [...under, process.execPath, BIN, ...args];
  const { status, stderr } = spawnSync(command, rest, {
    encoding: 'utf8',
    timeout: 240_000,
    env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off' },
  });
  expect(stderr).not.toMatch(/\n\s+at /);
  const lines = stderr.split('\n').filter((line) => line.startsWith('btcdmon-node: '));
  return { status, error: lines.join('\n') };
}

function home(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-disk-'));
  return cleanup.add(folder, (name) => rmSync(name, { recursive: true }));
}

const NODE = ['-n', 'regtest', '-c', '127.0.0.1:1'];
const COLLECT = ['collect', '--listen', 'tcp://127.0.0.1:0'];

/** Commands, by what they do in a folder. */
const JOBS: Readonly<Record<string, (folder: string) => string[]>> = {
  'the node': (folder) => [...NODE, '--data-dir', folder],
  'the node with a store': (folder) => [...NODE, '-e', `duckdb:${folder}/a.duckdb`],
  'the node with Parquet': (folder) => [...NODE, '-e', `parquet:${folder}/p`],
  'the node with a spool': (folder) => [...[...NODE, '--data-dir', folder, '-e', 'line+tcp://127.0.0.1:9']],
  'the node with a chain': (folder) => [...NODE, '--validate', 'full', '--data-dir', folder, '-e', 'stdout:'],
  collect: (folder) => [...COLLECT, '-e', `duckdb:${folder}/a.duckdb`],
  'collect with a spool': (folder) => [...COLLECT, '--data-dir', folder, '-e', 'line+tcp://127.0.0.1:9'],
  demo: (folder) => ['demo', '--data-dir', folder, '--seconds', '1'],
};

describe('a folder that may not be written', () => {
  it.each(Object.keys(JOBS))('ends %s in one line that says what to do', (name) => {
    const folder = home();
    const data = path.join(folder, 'data');
    mkdirSync(data);
    chmodSync(data, 0o555);
    const { status, error } = run(JOBS[name]?.(data) ?? [], folder, BOUND);
    expect(error).toMatch(
      /^btcdmon-node: [^\n]*data[^\n]*; give the user of btcdmon-node the right to write there[^\n]*$/,
    );
    expect(status).toBe(1);
  });

  it.each([
    ['--http-token-file', [...NODE, '--http', '0']],
    ['--token-file', ['collect', '--listen', 'tcp://0.0.0.0:0']],
    ['--reader-password-file', ['setup', 'influx', '--url', 'influx+http://127.0.0.1:9/d']],
    ['--config', NODE],
  ])('%s that may not be read ends it in one line that says what to do', (option, args) => {
    const folder = home();
    const file = path.join(folder, 'secret');
    writeFileSync(file, 'a secret of sixteen\n', { mode: 0 });
    const { error } = run([...args, option, file, '--data-dir', folder], folder, BOUND);
    expect(error).toBe(
      `btcdmon-node: ${option} ${file}: can't be read: EACCES: permission denied, open '${file}'; ` +
        'give the user of btcdmon-node the right to read it',
    );
  });
});

describeWithTmpfs('a disk', () => {
  it.each(Object.keys(JOBS).filter((name) => name !== 'demo'))(
    'mounted read-only ends %s in one line that says what to do',
    (name) => {
      const disk = cleanup.add(mountTmpfs(50_000_000), (it) => it.remove());
      execFileSync('mount', ['-o', 'remount,ro', disk.folder]);
      const { status, error } = run(JOBS[name]?.(disk.folder) ?? [], home());
      expect(error).toMatch(
        /^btcdmon-node: [^\n]*; (the disk is mounted read-only: mount it for writing|give the user of btcdmon-node the right to write there)[^\n]*$/,
      );
      expect(status).toBe(1);
    },
  );

  it.each(['the node with a store', 'the node with Parquet', 'collect', 'collect with a spool'])(
    'that is full ends %s in one line that says what to do',
    (name) => {
      const disk = cleanup.add(mountTmpfs(65_536), (it) => it.remove());
      try {
        writeFileSync(path.join(disk.folder, 'full'), Buffer.alloc(1_000_000));
      } catch {
        // It is.
      }
      const { status, error } = run(JOBS[name]?.(disk.folder) ?? [], home());
      expect(error).toMatch(/^btcdmon-node: [^\n]*; the disk is full: make room on it[^\n]*$/);
      expect(status).toBe(1);
    },
  );

  it('that is full makes retention warn, which goes on once there is room', async () => {
    const disk = cleanup.add(mountTmpfs(60_000_000), (it) => it.remove());
    const store = new StoreWriter({ path: path.join(disk.folder, 'store.duckdb') });
    cleanup.add(store, (it) => it.close().catch(() => undefined));
    await store.open();
    const clock = new TestClock();
    clock.ns = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
    for (let i = 0; i < 5; i++) await store.write(makePoints(2_000, clock));
    const filler = path.join(disk.folder, 'filler');
    for (let size = 60_000_000; size > 1_000; size >>= 1)
      try {
        writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
      } catch {
        // Less fits.
      }
    const warnings: string[] = [];
    const retention = keepRetention(
      { keepMs: null, passMs: 50 },
      { holder: store, nowMs: () => Date.UTC(2026, 0, 2), warn: (line) => warnings.push(line) },
    );
    try {
      await until('a warning', () => warnings.length > 0);
      expect(warnings[0]).toMatch(
        /^retention: a pass failed and is tried again: [^\n]*; the disk is full: make room on it$/,
      );
    } finally {
      await retention.stop();
    }
  });
});

/** What each error asks a person to do. */
const REMEDIES: Readonly<Record<string, string>> = {
  EIO: 'the disk fails: look at the log of the system (dmesg)',
  EROFS: 'the disk is mounted read-only: mount it for writing',
  EDQUOT: 'the quota of this user is used up: make room, or raise it',
  ENOSPC: 'the disk is full: make room on it',
  ESTALE: 'the network disk has lost the file: mount it again, and start btcdmon-node again',
};

/** Node.js 20 does not tell these two from others where it writes synchronously. */
const UNTOLD = [
  ...[REMEDIES['EDQUOT'], REMEDIES['ESTALE']],
  'the system tells no more: see its log (dmesg), whether the quota of this user is used up, and whether a network disk must be mounted again',
];

strace.describe('a disk that fails', (program) => {
  it.each(['the node with a spool', 'the node'])('ends %s in one line that says what to do', (name) => {
    const folder = home();
    const data = path.join(folder, 'data');
    mkdirSync(data);
    const under = [program, ...failing([path.join(data, 'headers-regtest.dat')], WRITES, 'EIO')];
    const { status, error } = run(JOBS[name]?.(data) ?? [], folder, under);
    expect(error).toMatch(/^btcdmon-node: headers [^\n]*: EIO[^\n]*$/);
    expect(error).toMatch(/; the disk fails: look at the log of the system \(dmesg\)$/);
    expect(status).toBe(1);
  });

  it.each(
    Object.keys(REMEDIES).flatMap((code) =>
      (['the node', 'the node with a store', 'collect', 'the node with Parquet'] as const).map(
        (name) => [code, name] as const,
      ),
    ),
  )('with %s ends %s in one line that says what to do', (code, name) => {
    const folder = home();
    const data = path.join(folder, 'data');
    mkdirSync(data);
    const files = ['headers-regtest.dat', 'a.duckdb', 'p/staging.duckdb'].map((file) =>
      path.join(data, file),
    );
    const { status, error } = run(JOBS[name]?.(data) ?? [], folder, [
      program,
      ...failing(files, WRITES, code),
    ]);
    expect(error).toMatch(/^btcdmon-node: [^\n]+$/);
    expect(error).toContain(data);
    const right = UNTOLD.includes(REMEDIES[code]) ? UNTOLD : [REMEDIES[code]];
    expect(right.filter((remedy) => error.includes(`; ${remedy ?? ''}`))).toHaveLength(1);
    expect(status).toBe(1);
  });
});

it('a store that can’t be opened for its folder says what to do', async () => {
  const folder = home();
  writeFileSync(path.join(folder, 'file'), '');
  const cases: readonly (readonly [string, RegExp])[] = [
    ['none/store.duckdb', /does not exist; make it, or name another path$/],
    ['file/store.duckdb', /is not a folder; name another path$/],
    [`${'x'.repeat(300)}.duckdb`, /; name a shorter path$/],
  ];
  for (const [name, message] of cases)
    await expect(openStore(path.join(folder, name))).rejects.toThrow(message);
});
