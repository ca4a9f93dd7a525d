import { execFileSync } from 'node:child_process';
import { stat, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreProcess } from '../../../src/store/process/store-process';
import { Cleanup } from '../../support/cleanup';
import { makePoints } from '../../support/make-points';
import { findProgram, requirement } from '../../support/requires';
import { openStored } from '../../support/stored';
import { until } from '../../support/until';

/** Bytes of the log from which the process makes a checkpoint while a statement runs; see short-log.ts. */
const LONG_LOG = 100_000;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const prlimit = requirement(
  'prlimit',
  () => findProgram('prlimit'),
  'install util-linux (Linux alone has it)',
);

prlimit.describe('a fatal error of DuckDB while statements are asked', (program) => {
  it('ends the process; the next one opens the file, and each point is stored once', async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-fatal-')), (name) =>
      rm(name, { recursive: true }),
    );
    const file = path.join(folder, 'store.duckdb');
    const warnings: string[] = [];
    const store = new StoreProcess({ path: file }, { warn: (message) => void warnings.push(message) });
    cleanup.add(store, (it) => it.close());
    await store.open();
    let ns = 1_700_000_000_000_000_000n;
    const time = { uniqueNs: () => ns++, monotonicMs: () => performance.now() };
    let written = 0;
    const write = async (): Promise<void> => {
      const points = makePoints(500, time);
      expect(await store.write(points)).toMatchObject({ acked: points.length });
      written += points.length;
    };
    const logSize = (): Promise<number> =>
      stat(`${file}.wal`).then(
        ({ size }) => size,
        () => 0,
      );
    // The limit below is one for each file, and the log must stay smaller.
    while (written < 50_000) await write();
    await store.close();
    await store.open();
    expect((await stat(file)).size).toBeGreaterThan(5 * LONG_LOG);
    while ((await logSize()) < LONG_LOG) await write();

    // The main file can't grow in this process any more: the checkpoint that a statement brings fails.
    const { pid = 0 } = store;
    execFileSync(program, ['--pid', String(pid), `--fsize=${(await stat(file)).size}`]);
    const statement = store.ask({
      ...{ question: { raw: 'SELECT 1' }, mayRepeat: false },
      signal: new AbortController().signal,
    });
    const asked = statement.next().catch(() => undefined);
    await until('the next process', async () => {
      await write();
      return store.pid !== undefined && store.pid !== pid;
    });
    await asked;
    await write();
    await store.close();

    expect(warnings).toEqual([
      expect.stringMatching(/ended and is started again: signal SIGKILL; it said: .*has been invalidated/),
    ]);
    const stored = cleanup.add(await openStored(file), (it) => it.close());
    expect(
      await stored.rows(
        `SELECT count(*) AS n, count(DISTINCT time) AS times FROM
         (SELECT time FROM tx UNION ALL SELECT time FROM tx_inputs UNION ALL SELECT time FROM tx_outputs)`,
      ),
    ).toEqual([{ n: written, times: written }]);
  });
});
