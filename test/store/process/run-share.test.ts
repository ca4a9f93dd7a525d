import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunShare, shareOf } from '../../../src/store/process/run-share';
import { cpuSecondsOf, stateOf } from '../../support/proc';
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
    // Where the whole machine stands still, it is neither run nor waited for: that measurement tells nothing.
    let measured = { told: 1, ran: 0 };
    await until('a measurement without a standstill', async () => {
      measured = await measure(pid);
      return Math.abs(measured.told - measured.ran) < 0.12;
    });
    expect(measured.ran).toBeLessThan(0.5);
  });
});

/** The share of four seconds in which a process could run, as it is told, and in which it ran. */
async function measure(pid: number): Promise<{ readonly told: number; readonly ran: number }> {
  const share = new RunShare(pid);
  const [begunMs, ranBefore] = [performance.now(), cpuSecondsOf(pid)];
  let couldRunMs = 0;
  let lookedMs = begunMs;
  // The system tells a wait at its end, so intervals are longer than waits, also on a busy machine, which
  // makes some of them longer still.
  for (let looks = 0; looks < 8; looks++) {
    await sleep(500);
    const nowMs = performance.now();
    couldRunMs += share.take() * (nowMs - lookedMs);
    lookedMs = nowMs;
  }
  const elapsedMs = lookedMs - begunMs;
  return { told: couldRunMs / elapsedMs, ran: (1_000 * (cpuSecondsOf(pid) - ranBefore)) / elapsedMs };
}

it('is all of the time for a process that sleeps, that was stopped, or of which nothing is known', async () => {
  const asleep = start('sleep', '600');
  const stopped = start('sleep', '600');
  process.kill(stopped, 'SIGSTOP');
  await until('both to be so', () => stateOf(asleep) === 'S' && stateOf(stopped) === 'T');
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
