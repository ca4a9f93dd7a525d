import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import type { Point } from '../../src/metrics/point';
import { type SeriesName, seriesOf, tagNames } from '../../src/metrics/schema';
import { runQueries, runQuery } from '../../src/query/duckdb-run';
import { AGGREGATES, type Query } from '../../src/query/model';
import { type Row, allRows } from '../../src/query/result';
import { planOf, unitsOf } from '../../src/query/rolled-plan';
import { parseWhere } from '../../src/query/where';
import { expire, rollUp } from '../../src/store/rollup';
import { readProgress } from '../../src/store/rollup-progress';
import { Cleanup } from '../support/cleanup';
import { START_NS, randomFrom } from '../support/query-points';
import { STRETCHED_HOURS, stretchedPoints } from '../support/stretched-points';

const HOUR = 3_600_000_000_000n;
const MINUTE = 60_000_000_000n;
const END = START_NS + STRETCHED_HOURS * HOUR;
const ASKED = ['bandwidth', 'mempool', 'peers', 'msg_recv', 'tx', 'tx_outputs', 'btcdmon', 'blocks'] as const;
const isAsked = (series: SeriesName): boolean => ASKED.some((name) => name === series);
const WHERE = [
  '',
  '',
  "network = 'mainnet'",
  "node != 'alpha'",
  "network = 'mainnet' AND node = 'alpha'",
  "node = 'alpha' OR network = 'mainnet'",
];
const FLAGS: Partial<Record<SeriesName, string>> = {
  tx_outputs: 'is_dust = true',
  tx: 'is_standard = false',
  peers: 'relay != true',
};

const random = randomFrom(4711);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const between = (from: bigint, until: bigint): bigint =>
  from + BigInt(Math.floor(random() * Number((until - from) / 1000n))) * 1000n;

/** Any aggregate of a series, over any range, in buckets of any length. */
function anyQuery(grid: bigint): Query {
  const series = pick(ASKED);
  const columns = Object.entries(seriesOf(series).columns).filter(
    ([, { type }]) => type === 'int' || type === 'float',
  );
  const [column, { kind }] = pick(columns);
  const fn = pick(AGGREGATES.filter((name) => name !== 'rate' || kind === 'count' || kind === 'counter'));
  const flag = pick([undefined, undefined, FLAGS[series]]);
  const alone = random() < 0.3 && (fn === 'count' || fn === 'rate');
  const where = [pick(WHERE), flag ?? '']
    .filter((text) => text !== '')
    .map((text) => `(${text})`)
    .join(' AND ');
  const align = (time: bigint): bigint => time - (time % grid);
  const since = align(between(START_NS - HOUR, END - HOUR));
  return {
    series,
    since,
    until: align(between(since + grid, END + HOUR)) + grid,
    where: where === '' ? null : parseWhere(series, where),
    agg: { fn, column: alone ? null : column },
    by: tagNames(series).filter(() => random() < 0.4),
    everyNs: pick([null, 30_000_000_000n, MINUTE, 5n * MINUTE, HOUR, HOUR, HOUR, 2n * HOUR, 24n * HOUR]),
    limit: pick([0, 0, 0, 3]),
  };
}

describe('a store with rollups answers any query as its points do', () => {
  const cleanup = new Cleanup();
  let points: StoreWriter;
  let rolled: StoreWriter;

  beforeAll(async () => {
    const open = async (name: string): Promise<StoreWriter> => {
      const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-random-')), (it) =>
        rm(it, { recursive: true }),
      );
      const exporter = new StoreWriter({ path: path.join(folder, `${name}.duckdb`) });
      await exporter.open();
      await exporter.store.lendMemory();
      await exporter.write(stretchedPoints().filter(({ series }) => isAsked(series)));
      return cleanup.add(exporter, (it) => it.close());
    };
    points = await open('points');
    rolled = await open('rolled');
    await rolled.store.makeTables(ASKED);
  });
  afterAll(() => cleanup.run());

  async function roll(until: bigint): Promise<void> {
    const connection = await rolled.store.connect();
    const roller = { connection, front: rolled.store.front, mayGoOn: () => true };
    for (const series of ASKED) await rollUp(roller, series, until);
    connection.closeSync();
  }

  async function ask(exporter: StoreWriter, query: Query): Promise<readonly Row[]> {
    const connection = await exporter.store.connect();
    const result = await runQuery(connection, query);
    expect(result.rawSince).toBeUndefined();
    const rows = await allRows(result);
    connection.closeSync();
    return rows;
  }

  async function askAll(queries: readonly Query[]): Promise<readonly (readonly Row[])[]> {
    const connection = await rolled.store.connect();
    const results = await runQueries(connection, queries);
    connection.closeSync();
    return Promise.all(results.map(allRows));
  }

  /**
   * Asks both stores, the second also for all queries at once, as a panel does. Returns how many answers came
   * from rollups.
   */
  async function expectTheSame(
    count: number,
    grid: (query: Query) => boolean,
    align: bigint,
  ): Promise<number> {
    const queries = Array.from({ length: count }, () => anyQuery(align)).filter(grid);
    const together = await askAll(queries);
    const connection = await rolled.store.connect();
    let fromRollups = 0;
    let rows = 0;
    for (const [i, query] of queries.entries()) {
      const expected = await ask(points, query);
      expect({ query, rows: await ask(rolled, query) }).toEqual({ query, rows: expected });
      expect({ query, rows: together[i] }).toEqual({ query, rows: expected });
      const plan = planOf(query, await readProgress(connection, query.series));
      if (plan.rolled.length > 0) fromRollups++;
      rows += expected.length;
    }
    connection.closeSync();
    expect(rows).toBeGreaterThan(queries.length);
    return fromRollups;
  }

  const any = (): boolean => true;

  it('with all points, including edges that cut a minute', async () => {
    // Not at the end of a minute, because the last one is not over.
    await roll(END - 42n * MINUTE - 1n);
    expect(await expectTheSame(200, any, 1n)).toBeGreaterThan(50);
  });

  it('with points that arrived late, before and after their hours are rolled up again', async () => {
    const late = stretchedPoints()
      .filter(({ time, series }) => time < END - 2n * HOUR && isAsked(series))
      .filter((_, i) => i % 297 === 0)
      .map((point): Point => ({ ...point, time: point.time + 500n }));
    for (const exporter of [points, rolled]) await exporter.write(late);
    const connection = await rolled.store.connect();
    expect((await readProgress(connection, 'tx_outputs')).late.length).toBeGreaterThan(2);
    expect(await expectTheSame(60, any, 1n)).toBeGreaterThan(10);
    await roll(END - 42n * MINUTE - 1n);
    expect((await readProgress(connection, 'tx_outputs')).late).toEqual([]);
    connection.closeSync();
    expect(await expectTheSame(60, any, 1n)).toBeGreaterThan(15);
  });

  it('without the points of the first hours, from whole hours', async () => {
    const connection = await rolled.store.connect();
    for (const series of ASKED) await expire(connection, series, START_NS + 4n * HOUR, any);
    const late = stretchedPoints()
      .filter(({ time, series }) => time < START_NS + 2n * HOUR && series === 'tx_outputs')
      .map((point): Point => ({ ...point, time: point.time + 700n }));
    for (const exporter of [points, rolled]) await exporter.write(late);
    const left = (await connection.runAndReadAll('SELECT count(*) FROM tx_outputs')).getRows()[0]?.[0];
    // Points that arrived after their hour was removed count in everything except ranks.
    const answered = (query: Query): boolean =>
      unitsOf(query).length > 0 && !(query.series === 'tx_outputs' && /^p\d|mode/.test(query.agg?.fn ?? ''));
    expect(await expectTheSame(150, answered, HOUR)).toBeGreaterThan(20);
    for (const series of ASKED) await expire(connection, series, START_NS + 4n * HOUR, any);
    const then = (await connection.runAndReadAll('SELECT count(*) FROM tx_outputs')).getRows()[0]?.[0];
    expect(Number(left) - Number(then)).toBe(late.length);
    connection.closeSync();
    expect(await expectTheSame(150, answered, HOUR)).toBeGreaterThan(20);
  });
});
