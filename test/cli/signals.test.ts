import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup } from '../support/cleanup';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A program of these tests, and what it has written. */
interface Started {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Its exit status and signal, once all that it has written was read. */
  readonly closed: Promise<unknown>;
}

async function start(name: string): Promise<Started> {
  const child = spawn(process.execPath, ['-r', 'tsx/cjs', path.join(__dirname, name)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanup.add(child, (it) => it.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close');
  await until('it to run', () => stdout.includes('running'), {
    giveUp: () => (child.exitCode === null ? undefined : stderr),
  });
  return { child, stdout: () => stdout, stderr: () => stderr, closed };
}

it('a program whose end takes too long says so before it is killed', async () => {
  const { child, closed, stderr } = await start('stuck-child.ts');
  child.kill('SIGTERM');
  expect(await closed).toEqual([null, 'SIGKILL']);
  expect(JSON.parse(stderr())).toMatchObject({ level: 'error', message: 'killed' });
});

it('a program that the machine lets stand still during its end is not killed for that', async () => {
  const { child, closed, stdout, stderr } = await start('slow-end-child.ts');
  child.kill('SIGTERM');
  await until('its end to begin', () => stdout().includes('ending'));
  child.kill('SIGSTOP');
  await sleep(6_000);
  child.kill('SIGCONT');
  expect([await closed, stderr()]).toEqual([[0, null], '']);
});
