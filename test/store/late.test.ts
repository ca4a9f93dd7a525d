import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import { keepRetention } from '../../src/store/retention';
import { rollUp } from '../../src/store/rollup';
import { type ChildScript, childScript } from '../support/child';
import { makePoints } from '../support/make-points';
import { randomFrom } from '../support/query-points';
import { TestClock } from '../support/points';
import { until } from '../support/until';

const HOUR = 3_600_000_000_000n;
const START = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
const SERIES = ['tx', 'tx_inputs', 'tx_outputs'] as const;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-late-'));
  file = path.join(folder, 'store.duckdb');
});
afterEach(() => rm(folder, { recursive: true }));

async function ask(exporter: StoreWriter, sql: string): Promise<unknown[][]> {
  const connection = await exporter.store.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS();
  } finally {
    connection.closeSync();
  }
}

/**
 * Buckets of rollups whose number of points is not that of the points, of hours that no late point was noted
 * for.
 */
async function wrongBuckets(exporter: StoreWriter): Promise<unknown[]> {
  const wrong: unknown[] = [];
  for (const series of SERIES)
    for (const [table, bucket, mark] of [
      [`${series}_1m`, 'minute', 'rolled_until'],
      [`${series}_1h`, 'hour', 'hours_until'],
    ])
      wrong.push(
        ...(await ask(
          exporter,
          `SELECT '${table}', b, points, there FROM
            (SELECT time AS b, sum(points) AS points FROM ${table} GROUP BY b) FULL JOIN
            (SELECT date_trunc('${bucket}', time)::TIMESTAMP_NS AS b, count(*) AS there FROM ${series}
             WHERE time < (SELECT max(${mark}) FROM btcdmon_rollups WHERE series = '${series}') GROUP BY b) USING (b)
           WHERE points IS DISTINCT FROM there AND date_trunc('hour', b) NOT IN (SELECT hour FROM btcdmon_late WHERE series = '${series}')`,
        )),
      );
  return wrong;
}

const notedLate = async (exporter: StoreWriter): Promise<number> =>
  Number((await ask(exporter, 'SELECT count(*) FROM btcdmon_late'))[0]?.[0]);

describe('points that come late', () => {
  it('are noted or in the rollups at any time while others are written and rolled up, and finally in the rollups', async () => {
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    const clock = new TestClock();
    const random = randomFrom(7);
    const time = { ms: Number(START / 1_000_000n) + 90_000 };
    const retention = keepRetention(
      { keepMs: null, passMs: 1 },
      { holder: exporter, nowMs: () => time.ms, warn: (message) => expect(message).toBe('') },
    );
    let seen = 0;
    for (let batch = 0; batch < 150; batch++) {
      // Most have times at the edge of what is rolled up meanwhile, some come long after their minute.
      time.ms += 70_000;
      const age = random() < 0.2 ? random() * 3 * 3_600_000 : 55_000 + random() * 10_000;
      clock.ns = BigInt(Math.floor(Math.max(time.ms - age, Number(START / 1_000_000n)))) * 1_000_000n;
      await exporter.write(makePoints(20, clock));
      // From here on there are minutes that points can be too late for, on any machine.
      if (batch === 30)
        await until('a minute to be rolled up', async () => {
          const [row] = await ask(exporter, 'SELECT count(*) FROM tx_1m');
          return Number(row?.[0]) > 0;
        });
      seen = Math.max(seen, await notedLate(exporter));
      if (batch % 10 === 0) expect(await wrongBuckets(exporter)).toEqual([]);
    }
    await until('late hours to be rolled up', async () => (await notedLate(exporter)) === 0);
    await until('most minutes to be rolled up', async () => {
      const [row] = await ask(exporter, 'SELECT count(*) FROM tx_1m');
      return Number(row?.[0]) > 100;
    });
    // The batches span 2.9 hours: two of them are whole.
    const hours = (): Promise<unknown[][]> => ask(exporter, 'SELECT count(DISTINCT time) FROM tx_1h_ranks');
    await until('two hours to be rolled up', async () => (await hours())[0]?.[0] === 2n);
    await retention.stop();
    expect(seen).toBeGreaterThan(0);
    expect(await wrongBuckets(exporter)).toEqual([]);
    expect(await hours()).toEqual([[2n]]);
    await exporter.close();
  });

  it('are still known as late after the store was closed', async () => {
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    const clock = new TestClock();
    clock.ns = START;
    await exporter.write(makePoints(50, clock));
    const connection = await exporter.store.connect();
    const { front } = exporter.store;
    for (const series of SERIES)
      await rollUp({ connection, front, mayGoOn: () => true }, series, START + 3n * HOUR);
    connection.closeSync();
    await exporter.close();
    await exporter.open();
    clock.ns = START + HOUR + 5n;
    await exporter.write(makePoints(5, clock));
    clock.ns = START + 4n * HOUR;
    await exporter.write(makePoints(5, clock));
    expect(await ask(exporter, 'SELECT series, epoch_ns(hour) FROM btcdmon_late ORDER BY ALL')).toEqual(
      [...SERIES].sort().map((series) => [series, START + HOUR]),
    );
    await exporter.close();
  });
});

describe('a node that is killed while points come late', () => {
  let script: ChildScript;
  beforeAll(() => (script = childScript('support/store-child.ts')));
  afterAll(() => script.remove());

  it('has each point in rollups or its hour noted', async () => {
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [script.file, 'late', file, String(START / 1_000_000n)], {
        env: script.env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let log = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
      try {
        await until('it to have written', () => log.includes('written 20'), {
          giveUp: () => (child.exitCode === null ? undefined : log),
        });
        const killAt = Date.now() + Math.random() * 200;
        await until('its end', () => Date.now() > killAt);
      } finally {
        child.kill('SIGKILL');
      }
      await once(child, 'close');
      expect(log).not.toContain('warning');
      const exporter = new StoreWriter({ path: file });
      await exporter.open();
      expect(await wrongBuckets(exporter)).toEqual([]);
      await exporter.close();
    }
  });
});
