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
    const pushes: { time: bigint; killed: bigint }[] = [];
    for (const round of [1, 2, 3]) {
      const child = spawn(process.execPath, [script.file, 'append', file, '5000'], {
        env: script.env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let log = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
      try {
        const acked = () => Number(/pushed \d+ (\d+) 0\n$/.exec(log)?.[1] ?? 0);
        await until('some points to be stored', () => acked() > 5_000, {
          giveUp: () => (child.exitCode === null ? undefined : log),
        });
        // More than the second that may be lost, and not at the same moment of a write each time.
        await sleep(1200 + round * 67);
      } finally {
        child.kill('SIGKILL');
      }
      const killed = BigInt(Date.now()) * 1_000_000n;
      await once(child, 'close');
      expect(log.split('\n').filter((line) => isDamage(line))).toEqual([]);
      for (const [, time] of log.matchAll(/^pushed (\d+) \d+ 0$/gm))
        pushes.push({ time: BigInt(time ?? 0), killed });
    }

    const store = await openStore(file);
    const connection = await store.connect();
    const all = ['tx', 'tx_inputs', 'tx_outputs'].map((table) => `SELECT epoch_ns(time) AS t FROM ${table}`);
    const reader = await connection.runAndReadAll(`FROM (${all.join(' UNION ALL ')}) ORDER BY t`);
    const times = reader.getColumnsJS()[0] as bigint[];
    await store.close();

    const stored = new Set(times);
    expect(stored.size).toBe(times.length);
    // The last point of each turn, if it was pushed more than a second before the kill. Turns come every
    // 20 ms; a machine that is busy has the program stand still, as the distance of two turns shows.
    const stillNs = pushes.reduce((most, { time, killed }, i) => {
      const next = pushes[i + 1];
      const until = next?.killed === killed ? next.time : killed;
      return until - time > most ? until - time : most;
    }, 0n);
    const due = pushes.filter(({ time, killed }) => time < killed - 1_000_000_000n - 2n * stillNs);
    expect(due.length).toBeGreaterThan(30);
    expect(due.filter(({ time }) => !stored.has(time))).toEqual([]);
    // Each turn has 100 points: none is missing from the middle either.
    const [first] = pushes;
    const firstRun = due.filter(({ killed }) => killed === first?.killed);
    const last = firstRun.at(-1)?.time ?? 0n;
    expect(times.filter((time) => time <= last)).toHaveLength(firstRun.length * 100);
  });
});
