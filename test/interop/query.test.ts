import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import { LineSerializer } from '../../src/export/line';
import { SERIES_NAMES, type SeriesName, columnNames, tagNames } from '../../src/metrics/schema';
import { type QueryArgs, parseQuery } from '../../src/query/model';
import { type Row, allRows } from '../../src/query/result';
import { openSource } from '../../src/query/open-source';
import type { Source } from '../../src/query/source';
import { fieldOf } from '../../src/query/columns';
import { Cleanup } from '../support/cleanup';
import { influxd, startInfluxd } from '../support/influxd';
import { END_NS, ODD_TEXTS, START_NS, queryPoints, randomFrom } from '../support/query-points';

const since = String(START_NS / 1_000_000_000n);
const until = String(END_NS / 1_000_000_000n + 1n);

/** Rows as text that keeps apart what is not the same. */
function text(rows: readonly Row[]): string {
  return JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

influxd.describe('the same answer from InfluxDB and from the embedded store', () => {
  const cleanup = new Cleanup();
  let influx: Source;
  let duckdb: Source;
  let httpPort: number;

  beforeAll(async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-query-')), (name) =>
      rm(name, { recursive: true }),
    );
    const points = queryPoints();
    const file = path.join(folder, 'btcdmon.duckdb');
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    expect(await exporter.write(points)).toMatchObject({ acked: points.length });
    await exporter.close();
    const server = cleanup.add(await startInfluxd(), (opened) => opened.stop());
    const serializer = new LineSerializer({ maxBytes: 65_536 });
    const lines = points.map((point) => {
      const line = serializer.serialize(point);
      if (typeof line !== 'string') throw new Error(line.detail);
      return line;
    });
    expect(await server.write(lines.join('\n'))).toBe('');
    ({ httpPort } = server);
    influx = cleanup.add(
      await openSource(`influx+http://127.0.0.1:${server.httpPort}/${server.database}`, {}),
      (source) => source.close(),
    );
    duckdb = cleanup.add(await openSource(`duckdb:${file}`, {}), (source) => source.close());
  });

  afterAll(() => cleanup.run());

  /** Both answers, which must be the same, and how many rows they have. */
  async function same(args: QueryArgs): Promise<number> {
    const query = parseQuery({ since, until, ...args }, END_NS);
    const [left, right] = [await influx.run(query), await duckdb.run(query)];
    const [rows, others] = [await allRows(left), await allRows(right)];
    expect(left.columns).toEqual(right.columns);
    // jest compares long arrays slowly, and only shows the difference well.
    if (text(rows) !== text(others)) expect(rows).toEqual(others);
    return rows.length;
  }

  const filled = SERIES_NAMES.filter((name) =>
    ['bandwidth', 'blocks', 'msg_recv', 'peers', 'tx', 'tx_outputs', 'btcdmon'].includes(name),
  );

  it.each(SERIES_NAMES)('points of %s', async (series) => {
    const rows = await same({ series });
    expect(rows > 0).toBe((filled as readonly string[]).includes(series));
    await same({ series, limit: 7 });
    await same({ series, limit: 100_000 });
  });

  it.each([1, 2, 3, 4, 5, 6])('the newest %i points, where nodes share a time', async (limit) => {
    const end = START_NS + 200_000_000_001n;
    const args = {
      series: 'bandwidth',
      until: `${end / 1_000_000_000n}.${String(end % 1_000_000_000n).padStart(9, '0')}`,
      limit,
    };
    expect(await same(args)).toBe(limit);
  });

  it('takes the first nanosecond of a range and leaves out the one after it', async () => {
    const at = (ns: bigint): string =>
      `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`;
    const range = { series: 'blocks', since: at(START_NS), until: at(START_NS + 1n) };
    expect(await same(range)).toBe(1);
    expect(await same({ ...range, since: at(START_NS - 5n), until: at(START_NS) })).toBe(0);
  });

  const aggregates: readonly (readonly [SeriesName, readonly string[]])[] = [
    ...filled.flatMap((series) => [
      [series, ['count']] as const,
      [series, ['rate']] as const,
      [series, ['count', columnNames(series)[0] ?? '']] as const,
    ]),
    ['mempool', ['count']],
    ['mempool', ['rate']],
    ['mempool', ['sum', 'tx_rate_limit']],
    ...['sum', 'mean', 'stddev', 'mode', 'min', 'max', 'p5', 'p50', 'p90', 'p95', 'p99'].flatMap((fn) => [
      ['tx_outputs', [fn, 'value']] as const,
      ['tx_outputs', [fn, 'num_pubkeys']] as const,
      ['btcdmon', [fn, 'loop_lag_p99']] as const,
    ]),
    ['tx', ['sum', 'version_num']],
    ['tx', ['p50', 'version_num']],
    ['peers', ['mean', 'num_banned']],
    ['msg_recv', ['rate', 'inv']],
    ['msg_recv', ['rate', 'tx']],
    ['bandwidth', ['rate', 'bytes_recv']],
    ['btcdmon', ['rate', 'emitted']],
    ['btcdmon', ['rate', 'dropped']],
  ];

  it.each(aggregates)('%s, %j', async (series, agg) => {
    const tags = tagNames(series);
    const field = columnNames(series)[0] ?? '';
    const flag = columnNames(series).find((name) => fieldOf(series, name)?.type === 'bool');
    const groupings = [[], ['node'], tags, [field], ['node', field], ...(flag === undefined ? [] : [[flag]])];
    for (const by of groupings) {
      for (const every of [undefined, '7m']) await same({ series, agg, by, every });
      await same({ series, agg, by, every: '20m', limit: 3 });
      if (by.length > 0) await same({ series, agg, by, limit: 3 });
    }
  });

  it.each([
    ['tx_outputs', "script_type != 'pubkeyhash'"],
    ['tx_outputs', "script_type = ''"],
    ['tx_outputs', "script_type != ''"],
    ['tx_outputs', "script_type IN ('nulldata', 'multisig') AND NOT (value > 1000000 OR is_dust = true)"],
    ['tx_outputs', 'is_dust = false'],
    ['tx_outputs', 'is_dust != false'],
    ['tx_outputs', 'NOT is_dust = true'],
    ['tx_outputs', 'num_pubkeys != 2'],
    ['tx_outputs', 'num_keys != 2'],
    ['tx_outputs', 'num_keys = 2 OR num_pubkeys = 3'],
    ['tx_outputs', "node = 'alpha' OR num_pubkeys = 3"],
    ['tx_outputs', "(node = 'alpha' OR num_pubkeys = 3) AND (script_type = 'nulldata' OR size < 10.5)"],
    ['peers', 'relay = false'],
    ['peers', 'relay != true OR spv > 0'],
    ['peers', "user_agent = ''"],
    ['tx', 'version_num = -7 OR version_num < 1.5'],
    ['tx', "non_standard_reason != ''"],
    ['tx', "non_standard_reason = ''"],
    ['tx', "non_standard_reason = 'two\nlines'"],
    ['tx', 'is_standard != true AND tx_size >= 1e3'],
    ['btcdmon', "series = 'tx' OR cpu > 50.5"],
    ['btcdmon', "exporter = ''"],
    ['btcdmon', "exporter != 'x'"],
    ['btcdmon', "exporter != ''"],
    ['btcdmon', 'loop_lag_p99 > 1e-7 AND loop_lag_p99 <= 2.25e1'],
    ['mempool', "node != 'x'"],
    ...ODD_TEXTS.flatMap((text) => {
      const literal = `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
      return [
        ['peers', `user_agent = ${literal}`],
        ['tx', `non_standard_reason != ${literal}`],
      ] as const;
    }),
  ] as const)('%s where %s', async (series, where) => {
    await same({ series, where });
    await same({ series, where, agg: ['count'], by: ['node'], every: '10m' });
    await same({ series, where, agg: ['count'], by: [columnNames(series)[0] ?? ''] });
  });

  it("btcdmon's two examples", async () => {
    expect(
      await same({ series: 'tx_outputs', where: "script_type != 'pubkeyhash'", since: '1h' }),
    ).toBeGreaterThan(1000);
    expect(await same({ series: 'peers', agg: ['count', 'version'], by: ['user_agent'], since: '1d' })).toBe(
      ODD_TEXTS.length + 1,
    );
  });

  it('raw InfluxQL', async () => {
    const raw = async (statement: string) => {
      const result = await influx.raw(statement);
      return { names: result.columns.map(({ name }) => name), rows: await allRows(result) };
    };
    const [[first]] = (await raw('SHOW MEASUREMENTS')).rows as [[string]];
    expect(first).toBe('bandwidth');
    const grouped = await raw('SELECT count(sha) FROM tx WHERE time > 0 GROUP BY node');
    expect(grouped.names).toEqual(['name', 'node', 'time', 'count']);
    expect(grouped.rows.map((row) => row.slice(0, 2))).toEqual([
      ['tx', 'alpha'],
      ['tx', 'beta beta'],
    ]);
    const points = await raw('SELECT sha FROM tx');
    expect(points.rows).toHaveLength((await allRows(await duckdb.raw('SELECT sha FROM tx'))).length);
    const [[sum]] = (await allRows(await duckdb.raw('SELECT sum(value) FROM tx_outputs'))) as [[bigint]];
    expect((await raw('SELECT sum(value) FROM tx_outputs')).rows).toEqual([['tx_outputs', 0n, sum]]);
    expect((await raw('SELECT * FROM nothing')).rows).toEqual([]);
    await expect(raw('SELECT FROM')).rejects.toThrow(/^InfluxDB at http:.*: error parsing query: found FROM/);
    await expect(raw('SELECT sum(sha) FROM tx')).rejects.toThrow('unsupported sum iterator type');
    await expect(raw('DROP MEASUREMENT tx')).rejects.toThrow('--raw is read-only');
    await expect(raw('SELECT * INTO x FROM tx')).rejects.toThrow('--raw is read-only');
    expect((await raw('SELECT sha FROM tx')).rows).toHaveLength(points.rows.length);
  });

  it('names a database that is missing', async () => {
    const missing = await openSource(`influx+http://nobody@127.0.0.1:${httpPort}/missing`, {
      BTCDMON_INFLUX_PASSWORD: 'secret',
    });
    const attempt = missing.run(parseQuery({ series: 'tx', agg: ['count'] }, END_NS));
    await expect(attempt).rejects.toThrow(/^InfluxDB at .*: database not found: missing$/);
  });

  it('random conditions', async () => {
    const random = randomFrom(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const compare = (): string =>
      pick([
        () => `node ${pick(['=', '!='])} '${pick(['alpha', 'beta beta', '', 'x'])}'`,
        () => `script_type ${pick(['=', '!='])} '${pick(['pubkeyhash', 'nulldata', ''])}'`,
        () => `num_pubkeys ${pick(['=', '!=', '<', '<=', '>', '>='])} ${pick([0, 1, 2, 3, 1.5])}`,
        () => `size ${pick(['=', '!=', '<', '>='])} ${pick([0, 50, 100])}`,
        () => `is_dust ${pick(['=', '!='])} ${pick(['true', 'false'])}`,
        () => `num_keys ${pick(['=', '!=', '<'])} 1`,
      ])();
    const condition = (depth: number): string => {
      if (depth === 0 || random() < 0.3) return compare();
      const [left, right] = [condition(depth - 1), condition(depth - 1)];
      return pick([
        `(${left} AND ${right})`,
        `(${left} OR ${right})`,
        `NOT (${left} OR ${right})`,
        `NOT ${left}`,
      ]);
    };
    for (let index = 0; index < 150; index++) {
      const where = condition(4);
      try {
        await same({ series: 'tx_outputs', where });
        await same({ series: 'tx_outputs', where, agg: ['count', 'num_pubkeys'], by: ['script_type'] });
      } catch (error) {
        throw new Error(`where ${where}`, { cause: error });
      }
    }
  });
});
