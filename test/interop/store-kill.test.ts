import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../src/store/store';
import { type ChildScript, childScript } from '../support/child';
import { isDamage } from '../support/is-damage';
import { until } from '../support/until';

const SECOND_NS = 1_000_000_000n;

/** Turns of a run, each with the time of its last point. */
interface Run {
  readonly times: readonly bigint[];
  /** When it was killed, or a little earlier. */
  readonly killed: bigint;
}

/**
 * The turns of a run that must be stored: those more than a second before the kill. Turns come every 20 ms. A
 * machine that is busy has the program stand still, as the distance of two turns shows.
 */
function dueOf({ times, killed }: Run): readonly bigint[] {
  const still = times.reduce((most, time, i) => {
    const distance = (times[i + 1] ?? killed) - time;
    return distance > most ? distance : most;
  }, 0n);
  return times.filter((time) => time < killed - SECOND_NS - 2n * still);
}

describe('kill -9 while writing', () => {
  let script: ChildScript;
  let folder: string;
  beforeAll(async () => {
    script = childScript('support/store-child.ts');
    folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-kill-'));
  });
  afterAll(async () => {
    script.remove();
    await rm(folder, { recursive: true });
  });

  it('loses at most the last second, again and again on one store', async () => {
    const file = path.join(folder, 'store.duckdb');
    const runs: Run[] = [];
    for (const round of [1, 2, 3]) {
      const child = spawn(process.execPath, [script.file, 'append', file, '5000'], {
        env: script.env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let log = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
      const now = (): bigint => BigInt(Date.now()) * 1_000_000n;
      const run = (killed: bigint): Run => ({
        times: [...log.matchAll(/^pushed (\d+) \d+ 0$/gm)].map(([, time]) => BigInt(time ?? 0)),
        killed,
      });
      let killed: bigint;
      try {
        const acked = () => Number(/pushed \d+ (\d+) 0\n$/.exec(log)?.[1] ?? 0);
        await until('some points to be stored', () => acked() > 5_000 && dueOf(run(now())).length > 20, {
          giveUp: () => (child.exitCode === null ? undefined : log),
        });
        // Not at the same moment of a write each time.
        await sleep(round * 67);
      } finally {
        killed = now();
        child.kill('SIGKILL');
      }
      await once(child, 'close');
      expect(log.split('\n').filter((line) => isDamage(line))).toEqual([]);
      runs.push(run(killed));
    }

    const store = await openStore(file);
    const connection = await store.connect();
    const all = ['tx', 'tx_inputs', 'tx_outputs'].map((table) => `SELECT epoch_ns(time) AS t FROM ${table}`);
    const reader = await connection.runAndReadAll(`FROM (${all.join(' UNION ALL ')}) ORDER BY t`);
    const times = reader.getColumnsJS()[0] as bigint[];
    await store.close();

    const stored = new Set(times);
    expect(stored.size).toBe(times.length);
    const due = runs.map(dueOf);
    expect(due.flat().length).toBeGreaterThan(30);
    expect(due.flat().filter((time) => !stored.has(time))).toEqual([]);
    // Each turn has 100 points: none is missing from the middle either.
    const [first = []] = due;
    const last = first.at(-1) ?? 0n;
    expect(times.filter((time) => time <= last)).toHaveLength(first.length * 100);
  });
});
