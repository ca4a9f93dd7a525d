import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { btcd } from '../support/btcd';
import { chromiumProgram } from '../support/chromium';
import { Cleanup } from '../support/cleanup';
import { familyOf, hasEnded } from '../support/proc';
import { script } from '../support/pty';
import { until } from '../support/until';

const ROOT = path.join(__dirname, '..', '..');

const missing = [chromiumProgram, btcd, script].find(({ path: found }) => found === null) ?? btcd;

missing.describe('the script that takes the screenshots', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends all that it started, and removes its folders, at %s', async (signal, status) => {
    const folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-shots-')), (name) =>
      rmSync(name, { recursive: true, force: true }),
    );
    const child = spawn(
      process.execPath,
      ['-r', 'tsx/cjs', path.join(ROOT, 'scripts', 'screenshots.ts'), '--minutes', '30'],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: folder } },
    );
    cleanup.add(child, (it) => it.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await until('the network to run', () => output.includes('runs for 30 minutes'), {
      giveUp: () => (child.exitCode === null ? undefined : 'the script has ended'),
    });
    const family = familyOf(child.pid);
    // The browser, the program with its store and its tap, and four btcds.
    expect(family.length).toBeGreaterThan(7);
    const exited = once(child, 'exit');
    child.kill(signal);
    expect(await exited).toEqual([status, null]);
    await until('all to be gone', () => family.every(hasEnded));
    expect(readdirSync(folder).filter((name) => name.startsWith('btcdmon-screenshots-'))).toEqual([]);
  });
});
