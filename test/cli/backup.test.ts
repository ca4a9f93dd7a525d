import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { BIN, outputOf, runProgram } from '../support/program';
import { until } from '../support/until';

const cleanup = new Cleanup();
let home = '';
beforeEach(() => {
  home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-backup-')), (name) =>
    rmSync(name, { recursive: true }),
  );
});
afterEach(() => cleanup.run());

function run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [BIN, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home },
    cwd: home,
  });
}

it('copies the store of a running node: complete by its audit, private, and never over another file', async () => {
  const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const program = runProgram(['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '100ms'], home);
  cleanup.add(program, (it) => it.kill());
  await until('a handshake', () => program.log().includes('peer connected'), { giveUp: program.ended });
  const count = async (...more: readonly string[]): Promise<number> =>
    Number(
      (await outputOf(['query', 'msg_recv', '--agg', 'count', '--format', 'ndjson', ...more], home)).replace(
        /\D/g,
        '',
      ),
    );
  await until('points', async () => (await count()) > 5, { giveUp: program.ended });
  const before = await count();
  const first = run(['backup', 'copy.duckdb']);
  expect(first).toMatchObject({ status: 0, stderr: '' });
  expect(first.stdout).toMatch(/^copy\.duckdb: \d+ bytes, everything until \d{4}-\S+Z\n$/);
  expect(readdirSync(home).sort()).toEqual(['.btcdmon', 'copy.duckdb']);
  expect(statSync(path.join(home, 'copy.duckdb')).mode & 0o777).toBe(0o600);
  expect(await count('--store', `duckdb:${home}/copy.duckdb`)).toBeGreaterThanOrEqual(before);
  expect(await outputOf(['audit', '--store', `duckdb:${home}/copy.duckdb`], home)).toMatch(
    /the store holds every one\n$/,
  );
  const again = run(['backup', 'copy.duckdb']);
  expect(again).toMatchObject({
    status: 2,
    stdout: '',
    stderr:
      'btcdmon-node: backup copy.duckdb: is there already and is not overwritten; name another file, or remove it\n',
  });
  // The node goes on meanwhile, and loses nothing.
  expect(program.ended()).toBeUndefined();
  expect(await program.stop()).toBe(0);
  expect(await outputOf(['audit'], home)).toMatch(/the store holds every one\n$/);

  const stopped = run(['backup', 'second.duckdb', '--store', `duckdb:${home}/.btcdmon/btcdmon.duckdb`]);
  expect(stopped).toMatchObject({ status: 0, stderr: '' });
  expect(await count('--store', `duckdb:${home}/second.duckdb`)).toBe(await count());
});

it.each([
  [['backup', 'x.duckdb'], 1, /^btcdmon-node: store \S+: the folder \S+ does not exist/],
  [
    ['backup', 'none/x.duckdb', '--store', 'duckdb:/etc/hostname'],
    1,
    /^btcdmon-node: store \/etc\/hostname: the file is not a DuckDB/,
  ],
])('%j ends with %i and one line, and leaves no file', (args, status, line) => {
  const ended = run(args);
  expect(ended.stderr).toMatch(line);
  expect(ended.stderr).toMatch(/^[^\n]+\n$/);
  expect(ended).toMatchObject({ status, stdout: '' });
  expect(readdirSync(home)).toEqual([]);
});
