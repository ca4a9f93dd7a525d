import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { StoreWriter } from '../../src/store/writer';
import { SERIES_NAMES } from '../../src/metrics/schema';
import { runQuery } from '../../src/query/duckdb-run';
import { type QueryArgs, parseQuery } from '../../src/query/model';
import { type Result, allRows } from '../../src/query/result';
import { keepRetention } from '../../src/store/retention';
import { expire, rollUp } from '../../src/store/rollup';
import { type Store, openStore } from '../../src/store/store';
import { START_NS } from '../support/query-points';
import { STRETCHED_HOURS, stretchedPoints } from '../support/stretched-points';
import { until } from '../support/until';

const HOUR = 3_600_000_000_000n;
const END = START_NS + STRETCHED_HOURS * HOUR;
const GONE = START_NS + 3n * HOUR - ((START_NS + 3n * HOUR) % HOUR);

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-migrate-'));
  file = path.join(folder, 'store.duckdb');
});
afterEach(() => rm(folder, { recursive: true }));

/**
 * Makes a store as version 1 left it: minutes of some hours, wrong where points came late; the first hours'
 * points gone.
 */
async function makeOld(): Promise<void> {
  const exporter = new StoreWriter({ path: file });
  await exporter.open();
  await exporter.store.lendMemory();
  await exporter.write(stretchedPoints());
  const connection = await exporter.store.connect();
  const roller = { connection, front: exporter.store.front, mayGoOn: () => true };
  await exporter.store.makeTables(SERIES_NAMES);
  for (const series of SERIES_NAMES) {
    await expire(connection, series, GONE, () => true);
    await rollUp(roller, series, START_NS + 5n * HOUR);
  }
  connection.closeSync();
  await exporter.close();
  await withDatabase(
    ...SERIES_NAMES.map((series) => `DROP TABLE ${series}_1h`),
    ...SERIES_NAMES.map((series) => `DROP TABLE IF EXISTS ${series}_1h_ranks`),
    'DROP TABLE btcdmon_late',
    'ALTER TABLE btcdmon_rollups DROP COLUMN hours_since',
    'ALTER TABLE btcdmon_rollups DROP COLUMN hours_until',
    `UPDATE tx_1m SET points = points + 1 WHERE epoch_ns(time) >= ${GONE}`,
    'UPDATE btcdmon_meta SET version = 1',
  );
}

async function withDatabase(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

async function ask(store: Store, args: QueryArgs): Promise<Result & { all: unknown }> {
  const connection = await store.connect();
  const since = String((START_NS - (START_NS % HOUR)) / 1_000_000_000n);
  const result = await runQuery(connection, parseQuery({ since, ...args }, END));
  const all = await allRows(result);
  connection.closeSync();
  return { ...result, all };
}

const QUESTIONS: readonly QueryArgs[] = [
  { series: 'tx', agg: ['count'], every: '1h', by: ['node'] },
  { series: 'tx_outputs', agg: ['sum', 'value'], every: '10m' },
  { series: 'bandwidth', agg: ['rate', 'bytes_recv'], every: '1h' },
  { series: 'peers', agg: ['max', 'num_addrs'] },
];
const RANKS: QueryArgs = { series: 'tx', agg: ['p90', 'tx_size'], every: '1h' };

describe('a store of version 1', () => {
  it('is read as it is, and migrated where it is opened for writing, its hours in the background', async () => {
    const points = new StoreWriter({ path: path.join(folder, 'points.duckdb') });
    await points.open();
    await points.write(stretchedPoints());
    const expected = await Promise.all(QUESTIONS.map(async (args) => (await ask(points.store, args)).all));
    const { all: ranks } = await ask(points.store, { ...RANKS, since: String(GONE / 1_000_000_000n) });
    await points.close();

    await makeOld();
    const copy = path.join(folder, 'copy.duckdb');
    await copyFile(file, copy);
    const reading = await openStore(copy, { readOnly: true });
    expect(reading.layout.has('tx_1h')).toBe(false);
    for (const [i, args] of QUESTIONS.entries()) expect((await ask(reading, args)).all).toEqual(expected[i]);
    expect((await ask(reading, RANKS)).rawSince).toBe(GONE);
    await reading.close();

    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    const { store } = exporter;
    for (const [i, args] of QUESTIONS.entries()) expect((await ask(store, args)).all).toEqual(expected[i]);
    const retention = keepRetention(
      { keepMs: null, passMs: 10 },
      {
        holder: exporter,
        nowMs: () => Number((END + 2n * HOUR) / 1_000_000n),
        warn: (message) => expect(message).toBe(''),
      },
    );
    const left = async (): Promise<bigint> => {
      const connection = await store.connect();
      const reader = await connection.runAndReadAll(
        `SELECT count(*) FROM btcdmon_rollups WHERE epoch_ns(hours_until) < ${END} OR epoch_ns(hours_since) <> ${GONE}`,
      );
      connection.closeSync();
      return reader.getRows()[0]?.[0] as bigint;
    };
    await until('all hours', async () => (await left()) === 0n);
    await retention.stop();
    for (const [i, args] of QUESTIONS.entries()) expect((await ask(store, args)).all).toEqual(expected[i]);
    expect(await ask(store, RANKS)).toMatchObject({ all: ranks, rawSince: GONE });
    expect(store.layout.get('tx_1h')).toContain('tx_size_m2');
    await exporter.close();

    // It has the new version now: a second opening changes nothing.
    await exporter.open();
    for (const [i, args] of QUESTIONS.entries())
      expect((await ask(exporter.store, args)).all).toEqual(expected[i]);
    await exporter.close();
  });
});
