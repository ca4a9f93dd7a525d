import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DuckDBConnection } from '@duckdb/node-api';
import { StoreWriter } from '../../src/store/writer';
import type { Point } from '../../src/metrics/point';
import { rollUp } from '../../src/store/rollup';
import { rangesOf } from '../../src/store/time-range';

const HOUR = 3_600_000_000_000n;
const NOW = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
/** The first hour of 1970. */
const LONG_AGO = 5n;

let folder: string;
let exporter: StoreWriter;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-wide-'));
  exporter = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
  await exporter.open();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await exporter.close();
  await rm(folder, { recursive: true });
});

const at = (time: bigint, mayBeStored = false): Point => ({
  series: 'bandwidth',
  tags: { node: 'wide', network: 'regtest' },
  fields: { bytes_recv: 1 },
  time,
  ...(mayBeStored ? { mayBeStored } : {}),
});

async function count(): Promise<number> {
  const connection = await exporter.store.connect();
  const reader = await connection.runAndReadAll('SELECT count(*) FROM bandwidth');
  connection.closeSync();
  return Number(reader.getRows()[0]?.[0]);
}

/** Counts statements and the rows that they return. */
function counted(): { statements: number; rows: number } {
  const counts = { statements: 0, rows: 0 };
  const runAndReadAll = Reflect.get(DuckDBConnection.prototype, 'runAndReadAll');
  const run = Reflect.get(DuckDBConnection.prototype, 'run');
  jest.spyOn(DuckDBConnection.prototype, 'runAndReadAll').mockImplementation(async function (
    this: DuckDBConnection,
    ...args
  ) {
    const reader = await runAndReadAll.apply(this, args);
    counts.statements++;
    counts.rows += reader.currentRowCount;
    return reader;
  });
  jest.spyOn(DuckDBConnection.prototype, 'run').mockImplementation(function (
    this: DuckDBConnection,
    ...args
  ) {
    counts.statements++;
    return run.apply(this, args);
  });
  return counts;
}

describe('points of 1970 and of now, in one batch', () => {
  it('are looked up in their hours, not in all the years between', async () => {
    const stored = Array.from({ length: 20_000 }, (_, i) => at(NOW - (BigInt(i) * 100n * HOUR) / 10n));
    await exporter.write(stored);
    const counts = counted();
    await exporter.write([at(LONG_AGO, true), at(NOW, true), at(NOW - HOUR, true)]);
    expect(counts.rows).toBe(1);
    jest.restoreAllMocks();
    // The one that was stored before is not stored twice.
    expect(await count()).toBe(20_002);
  });

  it('are noted as late by one statement, whatever their number of hours', async () => {
    const connection = await exporter.store.connect();
    await exporter.write([at(NOW)]);
    const { front } = exporter.store;
    await rollUp({ connection, front, mayGoOn: () => true }, 'bandwidth', NOW + 2n * HOUR);
    const counts = counted();
    await exporter.write(Array.from({ length: 2_000 }, (_, i) => at(NOW - BigInt(i + 1) * HOUR)));
    expect(counts.statements).toBeLessThan(10);
    jest.restoreAllMocks();
    const reader = await connection.runAndReadAll(
      'SELECT count(*), count(DISTINCT hour), max(epoch_ns(hour)) FROM btcdmon_late',
    );
    connection.closeSync();
    expect(reader.getRows()).toEqual([[2_000n, 2_000n, NOW - HOUR]]);
  });

  it('are all rolled up, in as many steps as there are days with points', async () => {
    await exporter.write([at(LONG_AGO), at(LONG_AGO + HOUR), at(NOW - 400n * HOUR), at(NOW)]);
    const connection = await exporter.store.connect();
    const { front } = exporter.store;
    const counts = counted();
    await rollUp({ connection, front, mayGoOn: () => true }, 'bandwidth', NOW + 2n * HOUR);
    expect(counts.statements).toBeLessThan(150);
    jest.restoreAllMocks();
    for (const unit of ['1m', '1h']) {
      const reader = await connection.runAndReadAll(
        `SELECT epoch_ns(time), points FROM bandwidth_${unit} ORDER BY time`,
      );
      const size = unit === '1m' ? HOUR / 60n : HOUR;
      expect(reader.getRows().map(([time, points]) => [time, Number(points)])).toEqual(
        [LONG_AGO, LONG_AGO + HOUR, NOW - 400n * HOUR, NOW].map((time) => [time - (time % size), 1]),
      );
    }
    connection.closeSync();
  });
});

it('the ranges of times are hours that have some; adjacent hours are one range', () => {
  expect(rangesOf([])).toEqual([]);
  expect(rangesOf([NOW + 5n, 7n, NOW + HOUR, NOW, NOW + 3n * HOUR])).toEqual([
    { from: 7n, until: 8n },
    { from: NOW, until: NOW + HOUR + 1n },
    { from: NOW + 3n * HOUR, until: NOW + 3n * HOUR + 1n },
  ]);
});
