import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import type { Point } from '../../src/metrics/point';
import { SERIES_NAMES, seriesOf, tagNames } from '../../src/metrics/schema';
import { runQuery } from '../../src/query/duckdb-run';
import { AGGREGATES, type QueryArgs, parseQuery } from '../../src/query/model';
import { type Result, type Row, allRows } from '../../src/query/result';
import { expire } from '../../src/store/rollup';
import { Cleanup } from '../support/cleanup';
import { END_NS, START_NS, queryPoints } from '../support/query-points';

/** The start of a minute before the first point. */
const since = String((START_NS / 60_000_000_000n) * 60n);

/** The start of an hour that divides the points. */
const MIDDLE_NS = END_NS - (END_NS % 3_600_000_000_000n);

/** Columns of all kinds and types. */
const ASKED = [
  'bandwidth',
  'mempool',
  'peers',
  'msg_recv',
  'tx',
  'tx_outputs',
  'tx_fees',
  'ping',
  'btcdmon',
] as const;

describe('a store with rolled-up hours', () => {
  const cleanup = new Cleanup();
  const stores: StoreWriter[] = [];

  beforeAll(async () => {
    for (const name of ['points', 'rolled']) {
      const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-rolled-')), (it) =>
        rm(it, { recursive: true }),
      );
      const exporter = new StoreWriter({ path: path.join(folder, `${name}.duckdb`) });
      await exporter.open();
      cleanup.add(exporter, (it) => it.close());
      await exporter.write(queryPoints());
      stores.push(exporter);
    }
    await rollUp();
  });
  afterAll(() => cleanup.run());

  /** Rolls up the first hour of the second store. */
  async function rollUp(): Promise<number> {
    const connection = await stores[1]?.store.connect();
    if (connection === undefined) throw new Error('no store');
    let removed = 0;
    for (const series of SERIES_NAMES.filter((name) => stores[1]?.store.layout.has(name)))
      removed += await expire(connection, series, END_NS, () => true);
    connection.closeSync();
    return removed;
  }

  async function ask(
    exporter: StoreWriter | undefined,
    args: QueryArgs,
  ): Promise<Result & { all: readonly Row[] }> {
    const connection = await exporter?.store.connect();
    if (connection === undefined) throw new Error('no store');
    const result = await runQuery(connection, parseQuery({ since, ...args }, END_NS));
    const all = await allRows(result);
    connection.closeSync();
    return { ...result, all };
  }

  /** Every aggregate of a series, in many shapes. */
  function* questions(): Generator<QueryArgs> {
    for (const series of ASKED) {
      const shapes: Partial<QueryArgs>[] = [
        {},
        { every: '1m' },
        { every: '7m', by: tagNames(series) },
        { by: ['node'], where: "network = 'mainnet' AND node != 'alpha'" },
        { every: '5m', by: ['network'], limit: 3 },
      ];
      const aggregates: string[][] = [['count'], ['rate']];
      for (const [name, { type, kind }] of Object.entries(seriesOf(series).columns).slice(0, 2))
        for (const fn of AGGREGATES) {
          if (/^p\d|stddev|mode/.test(fn)) continue;
          if (fn !== 'count' && type !== 'int' && type !== 'float') continue;
          if (fn === 'rate' && kind !== 'count' && kind !== 'counter') continue;
          if ((fn === 'sum' || fn === 'mean') && kind === 'counter') continue;
          aggregates.push([fn, name]);
        }
      for (const agg of aggregates) for (const shape of shapes) yield { series, agg, ...shape };
    }
  }

  /** Asks both stores every `nth` query. */
  async function expectTheSame(nth: number): Promise<void> {
    let rows = 0;
    for (const [i, question] of [...questions()].entries()) {
      if (i % nth !== 0) continue;
      const [expected, found] = await Promise.all([ask(stores[0], question), ask(stores[1], question)]);
      expect({ question, rows: found.all, rawSince: found.rawSince }).toEqual({
        question,
        rows: expected.all,
        rawSince: undefined,
      });
      rows += found.all.length;
    }
    expect(rows).toBeGreaterThan(500 / nth);
  }

  it('gives the same answers as the points, also with points that arrived late, before and after their rollup', async () => {
    expect((await ask(stores[1], { series: 'tx_outputs' })).rawSince).toBe(MIDDLE_NS);
    await expectTheSame(1);
    const late = queryPoints()
      .filter(({ time, series }) => time < MIDDLE_NS && series !== 'bandwidth' && series !== 'btcdmon')
      .slice(0, 200)
      .map((point): Point => ({ ...point, time: point.time + 7n }));
    for (const exporter of stores) await exporter.write(late);
    await expectTheSame(6);
    expect(await rollUp()).toBe(200);
    await expectTheSame(6);
  });

  it.each<QueryArgs>([
    { series: 'tx_outputs' },
    { series: 'tx_outputs', agg: ['p90', 'value'] },
    { series: 'tx_outputs', agg: ['count'], every: '30s' },
    { series: 'tx_outputs', agg: ['count'], every: '90s' },
    { series: 'tx_outputs', agg: ['count'], by: ['is_dust'] },
    { series: 'tx_outputs', agg: ['count'], where: 'value > 5' },
    { series: 'bandwidth', agg: ['sum', 'bytes_sent'] },
  ])('reports from when on it can answer %j', async (question) => {
    expect((await ask(stores[1], question)).rawSince).toBe(MIDDLE_NS);
    expect((await ask(stores[0], question)).rawSince).toBeUndefined();
    const later = await ask(stores[1], { ...question, since: String(MIDDLE_NS / 1_000_000_000n) });
    expect(later.rawSince).toBeUndefined();
    expect((await ask(stores[1], question)).all).toEqual(later.all);
  });
});
