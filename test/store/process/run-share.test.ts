import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunShare, shareOf } from '../../../src/store/process/run-share';
import { cpuSecondsOf } from '../../support/proc';
import { findProgram, requirement } from '../../support/requires';
import { until } from '../../support/until';

const taskset = requirement('taskset', () => findProgram('taskset'), 'install util-linux');

const children: ChildProcess[] = [];
function start(command: string, ...args: readonly string[]): number {
  const child = spawn(command, args, { stdio: 'ignore' });
  children.push(child);
  return child.pid ?? 0;
}
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

taskset.describe('the share of the time in which a process can run', (program) => {
  it('is that of its processor time, where others want the same processor', async () => {
    const [pid = 0] = Array.from({ length: 4 }, () =>
      start(program, '-c', '0', 'sh', '-c', 'while :; do :; done'),
    );
    await until('it to run', () => cpuSecondsOf(pid) > 0.05);
    const share = new RunShare(pid);
    const [begunMs, ranBefore] = [performance.now(), cpuSecondsOf(pid)];
    let looks = 0;
    let sum = 0;
    // A share of many intervals, each as long as the next: the system tells a wait at its end.
    for (; looks < 60; looks++) {
      await sleep(50);
      sum += share.take();
    }
    const ran = (cpuSecondsOf(pid) - ranBefore) / ((performance.now() - begunMs) / 1_000);
    expect(ran).toBeLessThan(0.5);
    expect(Math.abs(sum / looks - ran)).toBeLessThan(0.12);
  });
});

it('is all of the time for a process that sleeps, that was stopped, or of which nothing is known', async () => {
  const asleep = start('sleep', '600');
  const stopped = start('sleep', '600');
  process.kill(stopped, 'SIGSTOP');
  await sleep(300);
  const ended = start('true');
  await until('its end', () => children.at(-1)?.exitCode === 0);
  const shares = [asleep, stopped, ended, undefined].map((pid) => new RunShare(pid));
  await sleep(200);
  for (const share of shares) expect(share.take()).toBeCloseTo(1, 1);
});

it('is all of the time for a process that uses all processors itself, and whose threads wait for one another', () => {
  expect(shareOf({ ran: 100, waited: 50 }, 50, 2)).toBe(1);
  // Others take half of the processors.
  expect(shareOf({ ran: 50, waited: 100 }, 50, 2)).toBe(0.5);
  expect(shareOf({ ran: 10, waited: 40 }, 50, 2)).toBeCloseTo(0.2);
  // One thread that is never waiting, on many processors.
  expect(shareOf({ ran: 50, waited: 0 }, 50, 16)).toBe(1);
  expect(shareOf({ ran: 0, waited: 0 }, 50, 2)).toBe(1);
});
