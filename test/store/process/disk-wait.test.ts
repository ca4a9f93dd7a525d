import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { waitsForDisk } from '../../../src/store/process/disk-wait';
import { findProgram } from '../../support/requires';
import { until } from '../../support/until';

/** The state of a process as the system names it in words, such as `D (disk sleep)`. */
const wordOf = (pid: number): string =>
  /^State:\s+(.*)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

it('tells a process that sleeps from one that has ended, of which nothing is known', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  await until('it to sleep', () => wordOf(pid).includes('sleeping'));
  expect(waitsForDisk(pid)).toBe(false);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  expect(waitsForDisk(pid)).toBe(true);
});

it('finds the uninterruptible sleep in which a disk is waited for', async () => {
  // The parent of vfork(2) is in that sleep until its child ends.
  const script = 'import ctypes; c = ctypes.CDLL(None); c.vfork() == 0 and (c.sleep(600), c._exit(0))';
  const child = spawn(findProgram('python3') ?? 'python3', ['-c', script], { stdio: 'ignore' });
  const { pid = 0 } = child;
  try {
    await until('its sleep', () => wordOf(pid).includes('disk sleep'));
    expect(waitsForDisk(pid)).toBe(true);
  } finally {
    // Its end is delivered once its own child has ended.
    const [sleeper = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    process.kill(Number(sleeper), 'SIGKILL');
    child.kill('SIGKILL');
  }
});
