import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { StoreWriter } from '../../src/store/writer';
import { memoryQueue } from '../../src/export/make-queue';
import type { FieldValue, Point } from '../../src/metrics/point';
import { SERIES_NAMES, seriesOf, tagNames } from '../../src/metrics/schema';
import type { ColumnType } from '../../src/metrics/schema-types';
import { makePoints } from '../support/make-points';
import { exporterOf } from '../support/store-exporter';
import { until } from '../support/until';

const clock = new SystemClock();

describe('the writer of the store', () => {
  let folder: string;
  let exporter: StoreWriter;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-duckdb-'));
    exporter = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
    await exporter.open();
  });
  afterEach(async () => {
    await exporter.close();
    await rm(folder, { recursive: true });
  });

  const rows = async (sql: string): Promise<unknown[][]> => {
    const connection = await exporter.store.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowsJS();
    } finally {
      connection.closeSync();
    }
  };

  it.each(SERIES_NAMES)('stores every column of %s', async (series) => {
    const values: Record<ColumnType, FieldValue> = {
      int: 2 ** 53 - 1,
      float: 0.1,
      bool: true,
      string: `quote " and ' backslash \\ newline \n zero \0 ₿😀`,
    };
    const columns = Object.entries(seriesOf(series).columns);
    const tags = Object.fromEntries(tagNames(series).map((name) => [name, `${name}, =\\`]));
    const time = 1_700_000_000_123_456_789n;
    const full = Object.fromEntries(columns.map(([name, { type }]) => [name, values[type]]));
    const [first] = columns;
    if (first === undefined) throw new Error('no columns');
    const sparse = { [first[0]]: values[first[1].type] };
    const points: Point[] = [
      { series, time, tags, fields: full },
      { series, time: time + 1n, tags: { node: 'n', network: 'r' }, fields: sparse },
    ];
    expect(await exporter.write(points)).toMatchObject({ sent: 2, acked: 2 });
    const stored = (value: FieldValue) =>
      typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
    const extra = tagNames(series).slice(2);
    expect(await rows(`SELECT * REPLACE (epoch_ns(time) AS time) FROM ${series} ORDER BY time`)).toEqual([
      [time, ...Object.values(tags), ...Object.values(full).map(stored)],
      [
        time + 1n,
        'n',
        'r',
        ...extra.map(() => ''),
        stored(values[first[1].type]),
        ...columns.slice(1).map(() => null),
      ],
    ]);
  });

  it('opens its file anew to give memory back, and neither loses, doubles nor refuses anything', async () => {
    const file = exporter.store.path;
    const count = async () => (await rows('SELECT count(*), count(DISTINCT time) FROM tx'))[0];
    const points = (n: number) => makePoints(5 * n, clock).filter(({ series }) => series === 'tx');
    await exporter.write(points(10));
    expect((await stat(`${file}.wal`)).size).toBeGreaterThan(0);
    // What comes meanwhile waits: a write, a question, and its memory.
    const refreshed = exporter.refresh();
    const connecting = exporter.store.connect();
    const written = exporter.write(points(5));
    const asked = count();
    const takeBack = await exporter.store.lendMemory();
    await refreshed;
    expect(exporter.mustReopen).toBe(false);
    // It did not begin before the file was opened anew, which ends all connections.
    const connection = await connecting;
    expect((await connection.runAndReadAll('SELECT 1')).getRows()).toEqual([[1]]);
    connection.closeSync();
    expect(await written).toMatchObject({ sent: 5, acked: 5 });
    await asked;
    await takeBack();
    expect(await count()).toEqual([15n, 15n]);
    // Again, with a file whose tables it did not make.
    await exporter.refresh();
    expect(
      await stat(`${file}.wal`).then(
        ({ size }) => size,
        () => 0,
      ),
    ).toBe(0);
    await exporter.write(points(1));
    expect(await count()).toEqual([16n, 16n]);
  });

  /** A point with every number for each of the series that have many. */
  const widePoints = (time: bigint): Point[] =>
    SERIES_NAMES.flatMap((series) => {
      const numbers = Object.entries(seriesOf(series).columns).filter(([, { type }]) => type === 'int');
      const fields = Object.fromEntries(numbers.map(([name]) => [name, 1]));
      return numbers.length > 5 ? [{ series, time, tags: { node: 'n', network: 'r' }, fields }] : [];
    });

  it('takes less memory after its file was opened anew', async () => {
    const held = async () =>
      Number(
        (await rows("SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag <> 'METADATA'"))[0]?.[0],
      );
    for (const time of [1n, 2n, 3n]) await exporter.write(widePoints(time));
    const before = await held();
    await exporter.refresh();
    expect(before).toBeGreaterThan(10e6);
    expect(await held()).toBeLessThan(before / 4);
  });

  it('takes no more memory the more often it rests, and loses nothing', async () => {
    const writeAndRest = async (from: bigint, count: bigint): Promise<number> => {
      for (let time = from; time < from + count; time++) {
        await exporter.write(widePoints(time));
        // What comes meanwhile is written.
        await Promise.all([exporter.rest(), time % 5n === 0n ? exporter.write(widePoints(-time)) : null]);
      }
      return process.memoryUsage().rss;
    };
    const before = await writeAndRest(1n, 10n);
    // Appenders that nobody freed took 4 MB each time.
    expect((await writeAndRest(11n, 30n)) - before).toBeLessThan(40e6);
    expect(await rows('SELECT count(*), count(DISTINCT time) FROM msg_recv')).toEqual([[48n, 48n]]);
  });

  it('skips a point that does not fit, and no other', async () => {
    const [good] = makePoints(1, clock);
    if (good === undefined) throw new Error('no point');
    const bad: Point[] = [
      { ...good, fields: { tx_size: NaN } },
      { ...good, fields: { tx_size: 2 ** 53 } },
      { ...good, fields: { sha: 1 } },
      { ...good, fields: { evil: 1 } },
      { ...good, fields: {} },
      { ...good, tags: { evil: 'x' } },
      { ...good, time: 2n ** 63n },
    ];
    expect(await exporter.write([...bad, good])).toEqual({
      sent: 1,
      acked: 1,
      rejection: 'tx: 9223372036854775808 ns is beyond 64 bits',
    });
    expect(await exporter.write(bad)).toMatchObject({ sent: 0, acked: 0 });
    expect(await rows('SELECT count(*) FROM tx')).toEqual([[1n]]);
  });

  it('stores a batch as a whole or not at all, so that trying again stores nothing twice', async () => {
    const queue = memoryQueue(
      { batchPoints: 1000, flushMs: 5, retryMinMs: 5, retryMaxMs: 20 },
      { exporter: exporterOf(exporter), clock, warn: () => undefined },
    );
    await exporter.store.makeTables(['tx', 'tx_inputs', 'tx_outputs']);
    // The tables of a batch are written one after the other: this one fails after that of `tx`.
    await rows('ALTER TABLE tx_outputs RENAME TO away');
    for (const point of makePoints(2500, clock)) queue.push(point);
    await until('failures', () => queue.stats().retried > 2);
    expect(queue.stats()).toMatchObject({ sent: 0, acked: 0, queued: 2500 });
    expect(await rows('SELECT count(*) FROM tx')).toEqual([[0n]]);
    await rows('ALTER TABLE away RENAME TO tx_outputs');
    await until('the points', () => queue.stats().acked === 2500);
    const all =
      'SELECT time FROM tx UNION ALL SELECT time FROM tx_inputs UNION ALL SELECT time FROM tx_outputs';
    expect(await rows(`SELECT count(*), count(DISTINCT time) FROM (${all})`)).toEqual([[2500n, 2500n]]);
  });

  it('stores a point that may be stored already once, also where another node has one of the same time', async () => {
    const points = makePoints(100, clock);
    await exporter.write(points.slice(0, 60));
    const other = { node: 'other', network: 'regtest' };
    const again = points
      .reverse()
      .flatMap((point): Point[] => [point, { ...point, tags: { ...point.tags, ...other } }])
      .map((point): Point => ({ ...point, mayBeStored: true }));
    expect(await exporter.write(again)).toMatchObject({ sent: 200, acked: 200 });
    const all = ['tx', 'tx_inputs', 'tx_outputs'].map((table) => `SELECT node, time FROM ${table}`);
    expect(
      await rows(`SELECT count(*), count(DISTINCT (node, time)) FROM (${all.join(' UNION ALL ')})`),
    ).toEqual([[200n, 200n]]);
  });

  it('can be read while it writes, and keeps its log small', async () => {
    let largestLog = 0;
    await exporter.store.makeTables(['tx']);
    const counts: bigint[] = [];
    for (let i = 0; i < 60; i++) {
      const [, [[count]]] = (await Promise.all([
        exporter.write(makePoints(5000, clock)),
        rows('SELECT count(*) FROM tx'),
      ])) as [unknown, [[bigint]]];
      counts.push(count);
      const log = await stat(`${exporter.store.path}.wal`).catch(() => ({ size: 0 }));
      largestLog = Math.max(largestLog, log.size);
    }
    // Each batch has 1,000 rows of `tx`, seen all or none.
    for (const count of counts) expect(count % 1000n).toBe(0n);
    expect(await rows('SELECT count(*) FROM tx')).toEqual([[60_000n]]);
    expect(largestLog).toBeGreaterThan(0);
    expect(largestLog).toBeLessThan(20_000_000);
  });
});
