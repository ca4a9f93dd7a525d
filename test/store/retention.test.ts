import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock } from '../../src/lib/clock';
import { StoreWriter } from '../../src/store/writer';
import { memoryQueue } from '../../src/export/make-queue';
import { keepRetention } from '../../src/store/retention';
import { rollupTable } from '../../src/store/rollup-columns';
import { openStore } from '../../src/store/store';
import { type ChildScript, childScript } from '../support/child';
import { makePoints } from '../support/make-points';
import { TestClock } from '../support/points';
import { exporterOf } from '../support/store-exporter';
import { until } from '../support/until';

const HOUR_MS = 3_600_000;
const HOUR = 3_600_000_000_000n;
const SERIES = ['tx', 'tx_inputs', 'tx_outputs'] as const;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-retention-'));
  file = path.join(folder, 'store.duckdb');
});
afterEach(() => rm(folder, { recursive: true }));

async function ask(store: StoreWriter, sql: string): Promise<unknown[][]> {
  const connection = await store.store.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS();
  } finally {
    connection.closeSync();
  }
}

/** Points of a series: rows, and those that rollups before `raw_since` count. */
async function accounted(store: StoreWriter): Promise<number> {
  let sum = 0;
  for (const series of SERIES) {
    const [[count = null] = []] = await ask(
      store,
      `SELECT (SELECT count(*) FROM ${series}) + (SELECT coalesce(sum(points), 0) FROM ${rollupTable(series)}
       WHERE time < (SELECT coalesce(max(raw_since), '1970-01-01') FROM btcdmon_rollups WHERE series = '${series}'))`,
    );
    sum += Number(count);
  }
  return sum;
}

/**
 * Writes `perHour` points into each of `hours` hours, and returns the end of the last one in milliseconds.
 */
async function fill(store: StoreWriter, hours: number, perHour: number): Promise<number> {
  const clock = new TestClock();
  const start = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
  for (let hour = 0; hour < hours; hour++) {
    clock.ns = start + BigInt(hour) * HOUR;
    await store.write(
      makePoints(perHour, clock).map((point, i) => ({
        ...point,
        time: point.time + BigInt(i) * 1_000_000_000n,
      })),
    );
  }
  return Number(start / 1_000_000n) + hours * HOUR_MS;
}

describe('retention', () => {
  it('removes old hours, keeps the minutes of all points, and loses nothing that is written meanwhile', async () => {
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    const end = await fill(exporter, 20, 1000);
    const clock = new SystemClock();
    const queue = memoryQueue(
      { flushMs: 10 },
      { exporter: exporterOf(exporter), clock, warn: () => undefined },
    );
    const warnings: string[] = [];
    // Old points come too, into hours that are being removed.
    const late = new TestClock();
    late.ns = BigInt(end) * 1_000_000n - 10n * HOUR + 1n;
    let pushed = 0;
    const writing = setInterval(() => {
      // The disk of a busy machine is slower.
      if (queue.isCrowded) return;
      for (const point of [...makePoints(100, clock), ...makePoints(10, late)]) queue.push(point);
      pushed += 110;
    }, 10);
    const retention = keepRetention(
      { keepMs: 5 * HOUR_MS, passMs: 20 },
      { holder: exporter, nowMs: () => end, warn: (message) => warnings.push(message) },
    );
    const left = async (): Promise<number> =>
      Number(
        (await ask(exporter, `SELECT count(*) FROM tx WHERE epoch_ms(time) < ${end - 5 * HOUR_MS}`))[0]?.[0],
      );
    const before = end - 10 * HOUR_MS;
    // Late points come into the hour that begins there, so that it is never empty for long.
    await until('the first pass', async () => {
      const [row] = await ask(exporter, `SELECT count(*) FROM tx WHERE epoch_ms(time) < ${before}`);
      return pushed > 2000 && row?.[0] === 0n;
    });
    clearInterval(writing);
    await until('the queue', () => queue.stats().queued === 0);
    await until('late points', async () => (await left()) === 0);
    const rolled = `SELECT sum(points), sum(tx_size_sum), sum(sha_count) FROM tx_1m WHERE epoch_ms(time) >= ${end - 5 * HOUR_MS}`;
    await until('the rollups', async () => (await ask(exporter, rolled))[0]?.[0] === 1000n);
    await retention.stop();
    expect(queue.stats()).toMatchObject({ acked: pushed, dropped: 0 });
    expect(await accounted(exporter)).toBe(20_000 + pushed);
    expect(await ask(exporter, `SELECT count(*) FROM tx WHERE epoch_ms(time) < ${end}`)).toEqual([
      [5n * 200n],
    ]);
    // The hours whose points are still there are rolled up as well, except for the last minute.
    expect(await ask(exporter, rolled)).toEqual([[1000n, 222_000n, 1000n]]);
    expect(warnings).toEqual([]);
    await queue.close(1000);
  });

  it('warns once of a pass that fails, and makes it later', async () => {
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    const end = await fill(exporter, 3, 100);
    await ask(exporter, 'ALTER TABLE tx_1m RENAME TO away');
    const warnings: string[] = [];
    const retention = keepRetention(
      { keepMs: HOUR_MS, passMs: 5 },
      { holder: exporter, nowMs: () => end, warn: (message) => warnings.push(message) },
    );
    await until('a warning', () => warnings.length > 0);
    await sleep(100);
    expect(warnings).toEqual([
      expect.stringMatching(/^retention: a pass failed and is tried again: .*tx_1m/),
    ]);
    await ask(exporter, 'ALTER TABLE away RENAME TO tx_1m');
    await until('the hours', async () => (await ask(exporter, 'SELECT count(*) FROM tx_1m'))[0]?.[0] !== 0n);
    await until('all', async () => (await ask(exporter, 'SELECT count(*) FROM tx_outputs'))[0]?.[0] === 60n);
    await retention.stop();
    expect(await accounted(exporter)).toBe(300);
    await exporter.close();
  });

  it('gives an older store its tables', async () => {
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    await exporter.write(makePoints(10, new SystemClock()));
    for (const series of ['tx', 'tx_inputs', 'tx_outputs'] as const)
      await ask(exporter, `DROP TABLE ${rollupTable(series)}`);
    await ask(exporter, 'DROP TABLE btcdmon_rollups');
    await exporter.close();
    const reading = await openStore(file, { readOnly: true });
    expect(reading.layout.has('tx_1m')).toBe(false);
    await reading.close();
    await exporter.open();
    expect(exporter.store.layout.has('tx_1m')).toBe(true);
    expect(await accounted(exporter)).toBe(10);
    await exporter.close();
  });
});

describe('retention that is killed', () => {
  let script: ChildScript;
  beforeAll(() => (script = childScript('support/store-child.ts')));
  afterAll(() => script.remove());

  it('loses no point, counts none twice, and goes on where it was', async () => {
    const hours = 6;
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    let end = await fill(exporter, hours, 200);
    await exporter.close();
    let kills = 0;
    // The first is killed at once, each next one may go on for longer: however fast the machine is, some are
    // killed, and one gets to the end.
    for (let round = 0; ; round++) {
      const child = spawn(process.execPath, [script.file, 'retain', file, String(end)], {
        env: script.env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let log = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
      try {
        await until('it to be open', () => log.includes('open'), {
          giveUp: () => (child.exitCode === null ? undefined : log),
        });
        const killAt = Date.now() + round * 100 * Math.random();
        await until('its end', () => log.includes('done') || Date.now() > killAt);
      } finally {
        child.kill('SIGKILL');
      }
      await once(child, 'close');
      expect(log).not.toContain('warning');
      if (log.includes('done')) {
        if (kills > 0) break;
        // The first one did its work while this process stood still.
        await Promise.all([file, `${file}.wal`].map((name) => rm(name, { force: true })));
        await exporter.open();
        end = await fill(exporter, hours, 200);
        await exporter.close();
        continue;
      }
      kills++;
      await exporter.open();
      expect(await accounted(exporter)).toBe(hours * 200);
      await exporter.close();
    }
    await exporter.open();
    expect(await accounted(exporter)).toBe(hours * 200);
    expect(await ask(exporter, 'SELECT count(*) FROM tx_outputs')).toEqual([[120n]]);
    await exporter.close();
  });
});
