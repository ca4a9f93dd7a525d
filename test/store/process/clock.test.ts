import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { QueryScheduler } from '../../../src/query/query-scheduler';
import { RemoteAnswers } from '../../../src/query/remote-answers';
import { allRows } from '../../../src/query/result';
import { StoreProcess } from '../../../src/store/process/store-process';
import { Cleanup } from '../../support/cleanup';
import { makePoints } from '../../support/make-points';
import { until } from '../../support/until';

const DAY_MS = 24 * 3_600_000;

/**
 * How far the clock of the store's process is ahead of the time that its program believes.
 */
const AHEAD_MS = 700 * DAY_MS;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

it('removes no point too early after the clock was set forward, also where its process is started again', async () => {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-clock-')), (name) =>
    rm(name, { recursive: true }),
  );
  const warn = (): void => undefined;
  const wallMs = (): number => Date.now() - AHEAD_MS;
  const store = new StoreProcess({ path: path.join(folder, 'store.duckdb') }, { warn, wallMs });
  cleanup.add(store, (it) => it.close());
  await store.open();
  const asking = cleanup.add(new QueryScheduler(new RemoteAnswers(store)), (it) => it.close());
  const count = async (sql: string): Promise<unknown> => {
    const rows = await asking.ask({ timeoutMs: 60_000, left: new AbortController().signal }, async (it) =>
      allRows(await it.answer({ raw: sql })),
    );
    return rows[0]?.[0];
  };
  /** Points of an hour, some hours before what is believed to be now. */
  const write = async (hours: number): Promise<void> => {
    let ns = BigInt(Math.floor((wallMs() - hours * 3_600_000) / 3_600_000) * 3_600_000) * 1_000_000n;
    const points = makePoints(50, { uniqueNs: () => ns++, monotonicMs: () => performance.now() });
    expect(await store.write(points)).toMatchObject({ acked: 50 });
  };

  await write(5);
  store.retain(30 * DAY_MS);
  await until('the first pass', async () => (await count('SELECT count(*) FROM tx_1h')) === 1);
  await write(3);
  const { pid } = store;
  process.kill(pid ?? 0, 'SIGKILL');
  await until('the pass of the next process', async () => (await count('SELECT count(*) FROM tx_1h')) === 2);
  expect(store.pid).not.toBe(pid);
  expect(await count('SELECT count(*) FROM tx')).toBe(20);
});
