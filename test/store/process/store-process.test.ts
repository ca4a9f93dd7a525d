import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FailureError, UsageError, messageOf } from '../../../src/lib/errors';
import { QueryScheduler } from '../../../src/query/query-scheduler';
import { parseQuery } from '../../../src/query/model';
import { RemoteAnswers } from '../../../src/query/remote-answers';
import { type Row, allRows } from '../../../src/query/result';
import { memoryLimit } from '../../../src/store/process/limits';
import { PROGRAM } from '../../../src/store/process/start';
import { StoreProcess } from '../../../src/store/process/store-process';
import { STORE_TITLE } from '../../../src/store/process/title';
import { watchMemory } from '../../../src/store/process/watch-memory';
import { childScript } from '../../support/child';
import { Cleanup } from '../../support/cleanup';
import { makePoints } from '../../support/make-points';
import { cpuSecondsOf, hasEnded } from '../../support/proc';
import { openStored } from '../../support/stored';
import { until } from '../../support/until';

/** Runs for hours, and DuckDB can't interrupt it: it is one call of a function. */
const ENDLESS = "SELECT strpos(repeat('a', 60000000), repeat('a', 30000000) || 'b')";
/**
 * Looks for names of functions that are like one of 30 MB. DuckDB holds the lock of all functions until it is
 * through, for minutes.
 */
const LOCKING = "SELECT list_aggr([[1], [2]], repeat('a', 30000000))";
/** A segmentation fault. */
const CRASH = "SELECT * FROM check_peg_parser(repeat('(', 20000))";

const cleanup = new Cleanup();
let folder: string;
let file: string;
let warnings: string[];
beforeEach(async () => {
  folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-process-')), (name) =>
    rm(name, { recursive: true }),
  );
  file = path.join(folder, 'store.duckdb');
  warnings = [];
});
afterEach(() => cleanup.run());

async function opened(readOnly = false, program = PROGRAM): Promise<StoreProcess> {
  const warn = (message: string): void => void warnings.push(message);
  const store = new StoreProcess({ path: file, readOnly, program }, { warn });
  cleanup.add(store, (it) => it.close());
  await store.open();
  return store;
}

function asked(store: StoreProcess): QueryScheduler {
  return cleanup.add(new QueryScheduler(new RemoteAnswers(store)), (it) => it.close());
}

/** A clock that gives ascending times. */
function clock() {
  let ns = 1_700_000_000_000_000_000n;
  return { uniqueNs: () => ns++, monotonicMs: () => performance.now() };
}

const here = new AbortController().signal;

function raw(asking: QueryScheduler, statement: string, timeoutMs = 60_000): Promise<readonly Row[]> {
  return asking.ask({ kind: 'statement', timeoutMs, left: here }, async (it) =>
    allRows(await it.answer({ raw: statement })),
  );
}

function countTx(asking: QueryScheduler): Promise<readonly Row[]> {
  const query = parseQuery({ series: 'tx', agg: ['count'], since: '0', until: '2000000000' }, 0n);
  return asking.ask({ kind: 'panel', timeoutMs: 60_000, left: here }, async (it) => {
    const results: Row[] = [];
    for await (const result of it.runAll([query, { ...query, agg: { fn: 'count', column: 'vsize' } }]))
      results.push(...(await allRows(result)));
    return results;
  });
}

it('stores each point once, whenever its process is killed', async () => {
  const store = await opened();
  const time = clock();
  let written = 0;
  const writing = { isOn: true };
  const killing = (async () => {
    for (let kills = 0; kills < 12; kills++) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      const { pid } = store;
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      // The next process must get as far as writing.
      const before = written;
      await until('a batch', () => written > before + 200);
    }
    writing.isOn = false;
  })();
  while (writing.isOn) {
    const points = makePoints(100, time);
    // Like a queue: what fails is given again.
    for (;;)
      try {
        expect(await store.write(points)).toMatchObject({ sent: points.length, acked: points.length });
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(FailureError);
      }
    written += points.length;
  }
  await killing;
  await store.close();
  const stored = cleanup.add(await openStored(file), (it) => it.close());
  const [row] = await stored.rows(
    `SELECT count(*) AS n, count(DISTINCT time) AS times FROM
     (SELECT time FROM tx UNION ALL SELECT time FROM tx_inputs UNION ALL SELECT time FROM tx_outputs)`,
  );
  expect(row).toEqual({ n: written, times: written });
  expect(warnings.length).toBeGreaterThan(5);
  expect(warnings[0]).toBe(`store ${file}: its process ended and is started again: signal SIGKILL`);
});

it('kills a statement that can not be interrupted, and goes on', async () => {
  const store = await opened();
  const scheduler = asked(store);
  const before = store.pid;
  await store.write(makePoints(5, clock()));
  const leaving = new AbortController();
  const asking = scheduler.ask({ kind: 'statement', timeoutMs: 600_000, left: leaving.signal }, async (it) =>
    allRows(await it.answer({ raw: ENDLESS })),
  );
  const idle = cpuSecondsOf(before);
  // The texts that it searches are made before, which can be interrupted and takes a tenth of a second.
  await until('it to search', () => cpuSecondsOf(before) > idle + 2);
  leaving.abort(new Error('nobody waits'));
  await expect(asking).rejects.toThrow('nobody waits');
  expect(await countTx(scheduler)).toEqual([[1], [1]]);
  // The second that the process gets is longer on a busy machine.
  await until('the next process', () => store.pid !== undefined && store.pid !== before);
  expect(warnings).toEqual([
    `store ${file}: its process ended and is started again: a statement could not be interrupted`,
  ]);
});

it('asks the panels again that ran beside a statement that ended the process', async () => {
  const store = await opened();
  const scheduler = asked(store);
  await store.write(makePoints(5, clock()));
  // While it lasts the questions wait for the pipe in the order that they came.
  const crash = raw(scheduler, CRASH).catch((error: unknown) => error);
  const count = countTx(scheduler);
  expect(String(await crash)).toMatch(
    /the process that has the store open ended \(signal SIG\w+\); this statement, or one beside it, takes too much memory or can't be carried out$/,
  );
  expect(await count).toEqual([[1], [1]]);
  // Points that are given meanwhile go to the next process.
  const again = raw(scheduler, CRASH).catch((error: unknown) => error);
  expect(await store.write(makePoints(10, clock()).slice(5))).toMatchObject({ acked: 5 });
  expect(await again).toBeInstanceOf(FailureError);
});

it('answers a panel completely, whenever its process is killed', async () => {
  const store = await opened();
  const time = clock();
  for (let batch = 0; batch < 4; batch++) await store.write(makePoints(15_000, time));
  const query = parseQuery({ series: 'tx', since: '0', until: '2000000000' }, 0n);
  const rows = async (): Promise<number> => {
    let count = 0;
    for await (const part of store.ask({
      ...{ question: { run: [query, { ...query, limit: 5 }] }, mayRepeat: true, isWhole: true },
      signal: here,
    }))
      count += (part as { rows?: unknown[] }).rows?.length ?? 0;
    return count;
  };
  const all = await rows();
  expect(all).toBeGreaterThan(5_000);
  for (let kills = 0; kills < 10; kills++) {
    const answer = rows();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
    const { pid } = store;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    expect(await answer).toBe(all);
  }
});

it('kills a process that says nothing while a statement runs, and asks the panel of the next', async () => {
  const store = await opened();
  const asking = asked(store);
  await store.write(makePoints(5, clock()));
  const stuck = raw(asking, ENDLESS).catch((error: unknown) => String(error));
  await countTx(asking);
  // Like a process whose heap finds no memory any more.
  process.kill(store.pid ?? 0, 'SIGSTOP');
  expect(await countTx(asking)).toEqual([[1], [1]]);
  expect(await stuck).toContain('a statement kept it from answering');
});

it('kills a process that says nothing after a statement has ended, and asks the panel of the next', async () => {
  const store = await opened();
  const asking = asked(store);
  await store.write(makePoints(5, clock()));
  await raw(asking, 'SELECT 1');
  process.kill(store.pid ?? 0, 'SIGSTOP');
  expect(await countTx(asking)).toEqual([[1], [1]]);
  expect(warnings).toEqual([expect.stringContaining('a statement kept it from answering')]);
});

it('ends a process in which a statement holds a lock of DuckDB, and asks the panel of the next', async () => {
  const store = await opened();
  const scheduler = asked(store);
  await store.write(makePoints(5, clock()));
  const statement = raw(scheduler, LOCKING, 600_000).catch((error: unknown) => messageOf(error));
  expect(await countTx(scheduler)).toEqual([[1], [1]]);
  expect(await statement).toContain('a statement kept it from answering');
});

it('answers panels between statements that each end the process', async () => {
  const store = await opened();
  const asking = asked(store);
  await store.write(makePoints(5, clock()));
  const crashes = Array.from({ length: 8 }, () => raw(asking, CRASH).catch((error: unknown) => error));
  for (let panel = 0; panel < 8; panel++) expect(await countTx(asking)).toEqual([[1], [1]]);
  for (const end of await Promise.all(crashes)) expect(end).toBeInstanceOf(FailureError);
  expect(await store.write(makePoints(10, clock()).slice(5))).toMatchObject({ acked: 5 });
});

it('keeps a spare process while statements are asked, which is the next one', async () => {
  const store = await opened();
  const asking = asked(store);
  await store.write(makePoints(5, clock()));
  await raw(asking, 'SELECT 1');
  const { pid = 0, sparePid = 0 } = store;
  expect(sparePid).toBeGreaterThan(0);
  process.kill(pid, 'SIGKILL');
  await until('its end', () => store.pid !== pid && store.pid !== undefined);
  expect(store.pid).toBe(sparePid);
  expect(await countTx(asking)).toEqual([[1], [1]]);
  await raw(asking, 'SELECT 1');
  const next = store.sparePid ?? 0;
  await store.close();
  await until('its end', () => hasEnded(next));
});

it('compares the tables with the schema once, not again where a process follows one that ended', async () => {
  const log = path.join(folder, 'updates');
  const noting = path.join(folder, 'noting.js');
  const tables = path.join(path.dirname(PROGRAM), '..', 'store', 'tables.js');
  await writeFile(
    noting,
    `const tables = require(${JSON.stringify(tables)});
     const { updateTables } = tables;
     tables.updateTables = (...given) => {
       require('fs').appendFileSync(${JSON.stringify(log)}, 'u');
       return updateTables(...given);
     };
     require(${JSON.stringify(PROGRAM)});`,
  );
  const store = await opened(false, noting);
  const points = makePoints(10, clock());
  await store.write(points.slice(0, 5));
  const { pid = 0 } = store;
  process.kill(pid, 'SIGKILL');
  await until('its end', () => store.pid !== pid && store.pid !== undefined);
  expect(await countTx(asked(store))).toEqual([[1], [1]]);
  expect(await store.write(points.slice(5))).toMatchObject({ acked: 5 });
  expect(readFileSync(log, 'utf8')).toBe('u');
  await store.close();
  await opened(false, noting);
  expect(readFileSync(log, 'utf8')).toBe('uu');
});

it('has the next spare process once one was needed, before the next statement', async () => {
  const store = await opened();
  const asking = asked(store);
  await store.write(makePoints(5, clock()));
  await raw(asking, 'SELECT 1');
  const { pid = 0, sparePid = 0 } = store;
  process.kill(pid, 'SIGKILL');
  await until('the next spare', () => store.sparePid !== undefined && store.sparePid !== sparePid);
  expect(store.pid).toBe(sparePid);
});

it('runs a statement after one that ended the process once the next spare process is loaded', async () => {
  // The title is set when the code is loaded, for which this program needs a second.
  const slow = path.join(folder, 'slow.js');
  await writeFile(
    slow,
    `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); require(${JSON.stringify(PROGRAM)});`,
  );
  const store = await opened(false, slow);
  const asking = asked(store);
  await raw(asking, 'SELECT 1');
  await expect(raw(asking, CRASH)).rejects.toThrow(FailureError);
  await raw(asking, 'SELECT 1');
  expect(readFileSync(`/proc/${store.sparePid ?? 0}/cmdline`, 'latin1')).toContain(STORE_TITLE);
});

it('ends a process in which a statement leaves no memory for a panel, and asks the panel of the next', async () => {
  // DuckDB's words, once, as soon as there is such a file.
  const [program, full] = [path.join(folder, 'full.js'), path.join(folder, 'full')];
  await writeFile(
    program,
    `const { existsSync, rmSync } = require('node:fs');
    const { DuckDBConnection } = require(${JSON.stringify(require.resolve('@duckdb/node-api'))});
    const { stream } = DuckDBConnection.prototype;
    DuckDBConnection.prototype.stream = function (...args) {
      if (!existsSync(${JSON.stringify(full)})) return stream.apply(this, args);
      rmSync(${JSON.stringify(full)});
      return Promise.reject(new Error('Out of Memory Error: failed to allocate data of size 2.0 KiB'));
    };
    require(${JSON.stringify(PROGRAM)});`,
  );
  const store = await opened(false, program);
  const asking = asked(store);
  await store.write(makePoints(5, clock()));
  const idle = cpuSecondsOf(store.pid);
  const statement = raw(asking, ENDLESS).catch((error: unknown) => String(error));
  await until('it to run', () => cpuSecondsOf(store.pid) > idle + 0.5);
  await writeFile(full, '');
  expect(await countTx(asking)).toEqual([[1], [1]]);
  expect(await statement).toContain('this statement, or one beside it, takes too much memory');
  expect(warnings).toEqual([
    expect.stringContaining('it said: a statement left no memory: the store: Out of'),
  ]);
  // Where no statement ran it is the panel that takes too much.
  await writeFile(full, '');
  await expect(countTx(asking)).rejects.toThrow('Out of Memory');
  // DuckDB may still have the memory of a statement that has ended.
  await raw(asking, 'SELECT 1');
  await writeFile(full, '');
  expect(await countTx(asking)).toEqual([[1], [1]]);
  expect(warnings).toHaveLength(2);
});

it('gives a statement no more memory than the limit', async () => {
  const store = await opened();
  const scheduler = asked(store);
  if (process.platform === 'linux') {
    const limits = readFileSync(`/proc/${store.pid ?? 0}/limits`, 'utf8');
    const limit = Math.floor(memoryLimit() / 1024) * 1024;
    expect(limits).toMatch(new RegExp(`Max data size +${limit} +${limit} +bytes`));
  }
  await expect(raw(scheduler, 'SELECT len(range(500000000))')).rejects.toThrow(/Out of Memory|ended/);
  await expect(raw(scheduler, "SELECT length(format('{:>2000000000}', 'x'))")).rejects.toThrow(
    /Out of Memory|Allocation|ended/,
  );
  expect(await raw(scheduler, 'SELECT 1')).toEqual([[1]]);
});

it('watches the memory where the system sets no limit', async () => {
  const hog = 'const all = []; setInterval(() => all.push(Buffer.alloc(20000000, 1)), 10)';
  const child = cleanup.add(spawn(process.execPath, ['-e', hog]), (it) => it.kill('SIGKILL'));
  const stop = cleanup.add(
    watchMemory(child.pid ?? 0, 300_000_000, () => child.kill('SIGKILL')),
    (it) => it(),
  );
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  stop();
});

it('ends with the program that started it, also where that is killed, and leaves the store to the next', async () => {
  const script = cleanup.add(childScript('support/store-parent.ts'), (it) => it.remove());
  const parent = spawn(process.execPath, [script.file, file, PROGRAM], {
    env: script.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanup.add(parent, (it) => it.kill('SIGKILL'));
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  expect(() => process.kill(pid, 0)).not.toThrow();
  parent.kill('SIGKILL');
  const store = await opened();
  expect(await store.write(makePoints(5, clock()))).toMatchObject({ acked: 5 });
  await until('its end', () => hasEnded(pid));
});

it('shows no secrets, and ignores signals that are for its program', async () => {
  process.env['BTCDMON_INFLUX_PASSWORD'] = 'a-secret-of-this-test';
  cleanup.add('BTCDMON_INFLUX_PASSWORD', (name) => {
    Reflect.deleteProperty(process.env, name);
  });
  const store = await opened();
  const pid = store.pid ?? 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
  expect(await store.write(makePoints(5, clock()))).toMatchObject({ acked: 5 });
  expect(store.pid).toBe(pid);
  if (!existsSync('/proc/self/environ')) return;
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('secret');
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').trim()).toBe('btcdmon-node store');
});

it('closes while a statement runs that would take hours', async () => {
  const store = await opened();
  const scheduler = asked(store);
  await store.write(makePoints(5, clock()));
  const stuck = raw(scheduler, ENDLESS).catch((error: unknown) => String(error));
  await until('the statement', async () => (await countTx(scheduler)).length === 2);
  await scheduler.close();
  expect(await stuck).toContain('the node is stopping');
  expect(await store.write(makePoints(10, clock()).slice(5))).toMatchObject({ acked: 5 });
  await store.close();
  const stored = cleanup.add(await openStored(file), (it) => it.close());
  expect(await stored.rows('SELECT count(*) AS n FROM tx')).toEqual([{ n: 2 }]);
});

it('says in one line why it can not open a store', async () => {
  file = path.join(folder, 'missing.duckdb');
  await expect(opened(true)).rejects.toThrow(
    new FailureError(`store ${file}: there is no such file; start btcdmon-node once to make it`),
  );
  file = path.join(folder, 'held.duckdb');
  await opened();
  const line = `store ${file}: in use by process ${process.pid}; stop that one, or give this one another file (--data-dir)`;
  await expect(opened()).rejects.toThrow(new FailureError(line));
  file = '/proc/self/x.duckdb';
  await expect(opened()).rejects.toThrow(FailureError);
});

it('gives answers piece by piece, as far as they are wanted', async () => {
  const store = await opened();
  const scheduler = asked(store);
  const rows = await raw(scheduler, "SELECT i, repeat('x', 1000) FROM range(20000) t(i)");
  expect(rows).toHaveLength(20_000);
  expect(rows.at(-1)).toEqual([19_999, 'x'.repeat(1000)]);
  const first = await scheduler.ask({ timeoutMs: 60_000, left: here }, async (it) => {
    const answer = await it.answer({ raw: 'SELECT * FROM range(1000000000000)' });
    for await (const batch of answer.rows) return batch[0];
    return undefined;
  });
  expect(first).toEqual([0]);
  await expect(raw(scheduler, 'SELECT nothing')).rejects.toThrow(UsageError);
  expect(warnings).toEqual([]);
});
