import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { UsageError } from '../../src/lib/errors';
import { StoreWriter } from '../../src/store/writer';
import type { Point } from '../../src/metrics/point';
import { type QueryArgs, parseQuery } from '../../src/query/model';
import { type Row, allRows } from '../../src/query/result';
import { openSource } from '../../src/query/open-source';
import type { Source } from '../../src/query/source';
import { type Where, formatWhere } from '../../src/query/where';
import { Cleanup } from '../support/cleanup';
import { END_NS, ODD_TEXTS, START_NS, queryPoints } from '../support/query-points';

const since = String(START_NS / 1_000_000_000n);
const points = queryPoints();
const outputs = points.filter(({ series }) => series === 'tx_outputs');

describe('queries on a store that no process has open', () => {
  const cleanup = new Cleanup();
  let source: Source;

  beforeAll(async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-duck-')), (name) =>
      rm(name, { recursive: true }),
    );
    const file = path.join(folder, 'btcdmon.duckdb');
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    await exporter.write(points);
    await exporter.close();
    source = cleanup.add(await openSource(`duckdb:${file}`), (opened) => opened.close());
  });

  afterAll(() => cleanup.run());

  const ask = async (args: QueryArgs): Promise<readonly Row[]> =>
    allRows(await source.run(parseQuery({ since, ...args }, END_NS)));
  const raw = async (statement: string): Promise<readonly Row[]> => allRows(await source.raw(statement));

  it('the example of btcdmon: outputs of the last hour that are not P2PKH', async () => {
    const rows = await ask({ series: 'tx_outputs', where: "script_type != 'pubkeyhash'", since: '1h' });
    const expected = outputs.filter(({ tags }) => tags['script_type'] !== 'pubkeyhash');
    expect(rows).toHaveLength(expected.length);
    const { columns } = await source.run(parseQuery({ series: 'tx_outputs' }, END_NS));
    const at = columns.findIndex(({ name }) => name === 'script_type');
    expect(rows.filter((row) => row[at] === 'pubkeyhash')).toEqual([]);
    expect(rows.map(([time]) => time)).toEqual(
      expected.map(({ time }) => time).sort((a, b) => (a < b ? -1 : 1)),
    );
  });

  it('the example of btcdmon: connections of a day by user agent', async () => {
    const rows = await ask({ series: 'peers', agg: ['count', 'version'], by: ['user_agent'], since: '1d' });
    const counts = new Map<string, number>();
    for (const { tags, fields } of points)
      if (fields['version'] !== undefined)
        counts.set(tags['user_agent'] ?? '', (counts.get(tags['user_agent'] ?? '') ?? 0) + 1);
    expect(new Map(rows as [string, number][])).toEqual(counts);
    expect([...counts.keys()].sort()).toEqual([...ODD_TEXTS, 'other'].sort());
  });

  it('sums beyond 2^53 with all their digits', async () => {
    const sum = outputs.reduce((total, { fields }) => total + BigInt(fields['value'] as number), 0n);
    expect(sum > BigInt(Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(await ask({ series: 'tx_outputs', agg: ['sum', 'value'] })).toEqual([[sum]]);
  });

  it('a query without points', async () => {
    expect(await ask({ series: 'mempool', agg: ['count'] })).toEqual([[0]]);
    expect(await ask({ series: 'mempool', agg: ['rate'] })).toEqual([[0]]);
    expect(await ask({ series: 'mempool', agg: ['max', 'tx_rate_limit'] })).toEqual([[null]]);
    expect(await ask({ series: 'mempool', agg: ['count'], by: ['node'] })).toEqual([]);
    expect(await ask({ series: 'mempool', agg: ['count'], every: '1m' })).toEqual([]);
    expect(await ask({ series: 'mempool' })).toEqual([]);
  });

  it('the first and the last bucket of a rate are as long as the range allows', async () => {
    const range = { series: 'btcdmon', agg: ['rate'], every: '1m', until: '1700000050' };
    const counts = await ask({ ...range, agg: ['count'] });
    const rates = await ask(range);
    expect(counts.map(([time]) => time)).toEqual([1_699_999_980_000_000_000n, 1_700_000_040_000_000_000n]);
    expect(rates.map(([, rate]) => rate)).toEqual([
      Number((Number(counts[0]?.[1]) / 33).toPrecision(12)),
      Number((Number(counts[1]?.[1]) / 10).toPrecision(12)),
    ]);
  });

  it('any condition finds the points that it describes', async () => {
    const number = fc.constantFrom(0, 1, 2, 3, 1.5, 50);
    const compare = fc.oneof(
      fc.record({
        kind: fc.constant('compare' as const),
        column: fc.constantFrom('num_pubkeys', 'size', 'num_keys'),
        op: fc.constantFrom(
          '=' as const,
          '!=' as const,
          '<' as const,
          '<=' as const,
          '>' as const,
          '>=' as const,
        ),
        value: number,
      }),
      fc.record({
        kind: fc.constant('compare' as const),
        column: fc.constantFrom('script_type', 'node'),
        op: fc.constantFrom('=' as const, '!=' as const),
        value: fc.constantFrom('', 'pubkeyhash', 'alpha', 'beta beta'),
      }),
      fc.record({
        kind: fc.constant('compare' as const),
        column: fc.constant('is_dust'),
        op: fc.constantFrom('=' as const, '!=' as const),
        value: fc.boolean(),
      }),
    );
    const { where } = fc.letrec<{ where: Where }>((tie) => ({
      where: fc.oneof(
        { depthSize: 'small' },
        compare,
        fc.record({
          kind: fc.constantFrom('and' as const, 'or' as const),
          terms: fc.array(tie('where'), { minLength: 1, maxLength: 3 }),
        }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(where, async (condition) => {
        const text = formatWhere(condition);
        const positive = outputs.filter((point) => holds(condition, point, false)).length;
        const negative = outputs.filter((point) => holds(condition, point, true)).length;
        const count = { series: 'tx_outputs', agg: ['count'] };
        expect(await ask({ ...count, where: text })).toEqual([[positive]]);
        expect(await ask({ ...count, where: `NOT (${text})` })).toEqual([[negative]]);
      }),
      { numRuns: 60 },
    );
  });

  it('raw statements with every type of column', async () => {
    const { columns, rows } = await source.raw(
      `SELECT 1::TINYINT a, 9007199254740993 b, 1.5::DOUBLE c, true d, NULL e, make_timestamp_ns(5) f,
       TIMESTAMP '1970-01-01 00:00:01' g, [1, 2] h, 2::DECIMAL(4,2) i, 'inf'::DOUBLE j, 'x' a`,
    );
    expect(columns.map(({ type }) => type).join(' ')).toBe(
      'int int float bool int time time string string float string',
    );
    const all: Row[] = [];
    for await (const batch of rows) all.push(...batch);
    expect(all).toEqual([
      [1, 9_007_199_254_740_993n, 1.5, true, null, 5n, 1_000_000_000n, '[1, 2]', '2.00', Infinity, 'x'],
    ]);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(11);
  });

  it.each([
    'SELECT 1;',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'SHOW TABLES',
    'DESCRIBE tx',
    'SUMMARIZE tx',
    'EXPLAIN SELECT * FROM tx',
    'EXPLAIN ANALYZE SELECT count(*) FROM tx',
    'EXPLAIN (ANALYZE, FORMAT json) /* all of it */ FROM tx',
    'FROM tx LIMIT 1',
    'VALUES (1)',
    '-- comment\nSELECT 1',
  ])('raw: %s', async (statement) => {
    expect((await raw(statement)).length).toBeGreaterThan(0);
  });

  it.each([
    ['', 'the statement is empty'],
    [' ; ', 'the statement is empty'],
    ['SELEC 1', 'syntax error'],
    ['SELECT nope FROM tx', 'nope'],
    ['SELECT 1; SELECT 2', 'one SELECT statement'],
    ['INSERT INTO tx (time) VALUES (NULL)', 'not INSERT'],
    ['DELETE FROM tx', 'not DELETE'],
    ['DROP TABLE tx', 'not DROP'],
    ['CREATE TABLE x (a INT)', 'not CREATE'],
    ['CREATE TEMP TABLE x AS SELECT 1', 'not CREATE'],
    ['SET threads = 1', 'not SET'],
    ['PRAGMA threads = 1', 'not'],
    ['CHECKPOINT', 'not CALL'],
    ['BEGIN', 'not TRANSACTION'],
    ['EXPLAIN ANALYZE DELETE FROM tx', 'read-only'],
    ["EXPLAIN ANALYZE COPY tx TO '/nonexistent/x.csv'", 'disabled'],
    ['EXPLAIN ANALYZE SET threads = 1', 'EXPLAIN takes a query'],
    ["EXPLAIN ANALYZE PRAGMA memory_limit = '1MB'", 'EXPLAIN takes a query'],
    ['EXPLAIN (ANALYZE) SET threads = 1', 'EXPLAIN takes a query'],
    ['EXPLAIN /* /* */ SELECT */ ANALYZE SET threads = 1', 'EXPLAIN takes a query'],
    ['EXPLAIN -- SELECT\rANALYZE -- SELECT\n RESET threads', 'EXPLAIN takes a query'],
    ['EXPLAIN ANALYZE CHECKPOINT', 'EXPLAIN takes a query'],
    ['EXPLAIN ANALYZE CREATE TEMP TABLE x AS SELECT 1', 'EXPLAIN takes a query'],
    ["ATTACH 'x.db'", 'not ATTACH'],
    ["COPY tx TO '/nonexistent/x.csv'", 'disabled'],
    ["SELECT * FROM read_csv('/etc/passwd')", 'disabled'],
    ["SELECT * FROM read_text('/etc/passwd')", 'disabled'],
    ['SELECT * FROM force_checkpoint()', 'the function force_checkpoint is not allowed'],
    ['SELECT * FROM "force_checkpoint" /* */ ()', 'the function force_checkpoint is not allowed'],
    ['SELECT * FROM force_checkpoint/* */ -- x\n()', 'the function force_checkpoint is not allowed'],
    ['SELECT * FROM force_checkpoint --\r()', 'the function force_checkpoint is not allowed'],
    ['SELECT * FROM force_checkpoint\u200b()', 'the function force_checkpoint is not allowed'],
    ["SELECT json_structure(repeat('[', 100000) || repeat(']', 100000))", 'json_structure is not allowed'],
    ["SELECT from_json('1', repeat('[', 100000))", 'from_json is not allowed'],
    ["SELECT * FROM sql_auto_complete(repeat('(', 20000))", 'sql_auto_complete is not allowed'],
    ['SELECT * FROM test_all_types()', 'test_all_types is not allowed'],
    ["SELECT '[1]'::JSON::VARIANT::VARCHAR", 'VARIANT is not allowed'],
    ["SELECT * FROM query('SELECT 1')", 'the function query is not allowed'],
    ['SELECT * FROM enable_logging()', 'the function enable_logging is not allowed'],
  ])('raw refuses %s', async (statement, message) => {
    const attempt = raw(statement);
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('raw: a failure at run time is one line', async () => {
    const error = await raw("SELECT CAST(sha AS INT) FROM tx WHERE sha LIKE '%f%'").catch(
      (caught: unknown) => caught,
    );
    expect(String(error)).toMatch(/^FailureError: the store: .*Conversion Error: .*$/);
  });
});

/** A condition by its definition: a comparison with a missing column is false, but a missing tag is ''. */
function holds(where: Where, point: Point, negated: boolean): boolean {
  if (where.kind !== 'compare') {
    const terms = where.terms.map((term) => holds(term, point, negated));
    return (where.kind === 'and') === negated ? terms.some(Boolean) : terms.every(Boolean);
  }
  const { column, op, value } = where;
  const tag = column === 'script_type' || column === 'node';
  const actual = tag ? (point.tags[column] ?? '') : point.fields[column];
  if (actual === undefined) return false;
  const results = {
    '=': actual === value,
    '!=': actual !== value,
    '<': actual < value,
    '<=': actual <= value,
    '>': actual > value,
    '>=': actual >= value,
  };
  return results[op] !== negated;
}

it.each([
  ['duckdb:', UsageError, '--store duckdb: names no file'],
  ['duckdb:/nonexistent/x.duckdb', Error, '/nonexistent does not exist'],
  ['/some/file', UsageError, '--store /some/file: use duckdb:PATH, parquet:DIR or influx+http'],
  ['http://user:secret@host/db', UsageError, '--store http:…: use duckdb:PATH'],
  ['influx+udp://host:8089', UsageError, 'UDP only writes'],
  ['influx+http://host:8086', UsageError, 'names no database'],
  ['influx+http://host:8086/a/b', UsageError, 'names no database'],
  ['influx+http://', UsageError, "--store influx+http://: can't be read"],
  ['influx+http://host/%', UsageError, 'a % is written %25'],
  ['influx+http://me:secret@host:8086/db', UsageError, 'put it into the environment or a file'],
] as const)('--store %s', async (url, type, message) => {
  const error: unknown = await openSource(url, {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(type);
  expect(String(error)).toContain(message);
  expect(String(error)).not.toContain('secret');
});
