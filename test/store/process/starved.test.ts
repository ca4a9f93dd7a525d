import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { allRows } from '../../../src/query/result';
import { RemoteAnswers } from '../../../src/query/remote-answers';
import { QueryScheduler } from '../../../src/query/query-scheduler';
import { StoreProcess } from '../../../src/store/process/store-process';
import { Cleanup } from '../../support/cleanup';
import { cpuSecondsOf } from '../../support/proc';
import { findProgram, requirement } from '../../support/requires';
import { until } from '../../support/until';

const chrt = requirement('chrt', () => findProgram('chrt'), 'install util-linux');

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

chrt.describe('a process that gets no processor time', (program) => {
  it('is not taken for one that a statement has stopped', async () => {
    const folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-starved-')), (name) =>
      rmSync(name, { recursive: true }),
    );
    const warnings: string[] = [];
    const store = new StoreProcess(
      { path: path.join(folder, 'store.duckdb') },
      { warn: (message) => void warnings.push(message) },
    );
    cleanup.add(store, (it) => it.close());
    await store.open();
    const asking = cleanup.add(new QueryScheduler(new RemoteAnswers(store)), (it) => it.close());
    const left = new AbortController().signal;
    const statement = asking.ask({ kind: 'statement', timeoutMs: 120_000, left }, async (it) =>
      allRows(await it.answer({ raw: 'SELECT sum(hash(range)) > 0 FROM range(200000000)' })),
    );
    // It runs where nothing else does, on a processor that four others want.
    const pid = String(store.pid);
    execFileSync('taskset', ['-a', '-p', '-c', '0', pid]);
    execFileSync(program, ['-a', '-i', '-p', '0', pid]);
    const others = Array.from({ length: 4 }, () =>
      cleanup.add(spawn('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done']), (it) =>
        it.kill('SIGKILL'),
      ),
    );
    await until('all of them to run', () => others.every(({ pid }) => cpuSecondsOf(pid) > 0.05));
    const before = cpuSecondsOf(store.pid);
    await sleep(1_500);
    expect(cpuSecondsOf(store.pid) - before).toBeLessThan(0.25);
    for (const other of others) other.kill('SIGKILL');
    execFileSync(program, ['-a', '-o', '-p', '0', pid]);
    expect(await statement).toEqual([[true]]);
    expect(warnings).toEqual([]);
  });
});
