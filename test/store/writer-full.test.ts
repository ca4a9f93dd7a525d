import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type ChildScript, childScript } from '../support/child';
import { findProgram, requirement } from '../support/requires';
import { until } from '../support/until';

const prlimit = requirement(
  'prlimit',
  () => findProgram('prlimit'),
  'install util-linux (Linux alone has it)',
);

prlimit.describe('a full disk', (program) => {
  let script: ChildScript;
  let folder: string;
  beforeAll(async () => {
    script = childScript('support/store-child.ts');
    folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-full-'));
  });
  afterAll(async () => {
    script.remove();
    await rm(folder, { recursive: true });
  });

  it('loses nothing, stores nothing twice, and is written again once there is room', async () => {
    // A limit on the size of files simulates the disk: the kernel refuses writes beyond it in the same way.
    const limit = 3_000_000;
    const child = spawn(
      program,
      [
        `--fsize=${limit}:unlimited`,
        process.execPath,
        script.file,
        'full',
        path.join(folder, 'store.duckdb'),
      ],
      { env: script.env, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
    const exited = once(child, 'close') as Promise<[number | null]>;
    try {
      const giveUp = (): string | undefined => (child.exitCode === null ? undefined : log);
      await until('the disk to be full', () => log.includes('failed\n'), { giveUp });
      execFileSync(program, ['--pid', String(child.pid), '--fsize=unlimited']);
      child.stdin.write('go\n');
      expect((await exited)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
    const [, pushed, stored, dropped] = /^stored (\d+) (\d+) (\d+)$/m.exec(log) ?? [];
    expect(Number(dropped)).toBe(0);
    // Every fifth point is one of `tx`.
    expect(Number(stored)).toBe(Number(pushed) / 5);
  });
});
