import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { UsageError } from '../../src/lib/errors';
import { runRaw } from '../../src/query/duckdb-run';
import { type Row, allRows } from '../../src/query/result';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
});
beforeEach(async () => {
  connection = await instance.connect();
});
afterEach(() => connection.closeSync());
afterAll(() => instance.closeSync());

const ask = async (sql: string): Promise<readonly Row[]> => allRows(await runRaw(connection, sql));

it.each([
  ["repeat('x', 20000000)"],
  ["repeat('x', 300000)::BLOB"],
  ["repeat('1', 600000)::BIT"],
  ['range(1000000)'],
  ['[range(1000000)]'],
  ["[repeat('x', 20000000)]"],
  ["{'a': 1, 'b': repeat('x', 20000000)}"],
  ["MAP([repeat('x', 20000000)], [1])"],
  ["array_value(repeat('x', 20000000), 'y')"],
  ["union_value(text := repeat('x', 20000000))"],
])('refuses a value that would block the node: %s', async (value) => {
  await expect(ask(`SELECT ${value} AS v`)).rejects.toThrow('values that are too large');
});

it('refuses rows that are too large together', async () => {
  await expect(ask("SELECT repeat('x', 10000) FROM range(2048)")).rejects.toThrow(
    'the answer has values that are too large, in 2048 rows; shorten them, for example with left(column, 1000)',
  );
});

it('refuses a type whose size it does not know', async () => {
  await expect(ask("SELECT repeat('x', 20000000)::VARIANT")).rejects.toThrow('type VARIANT');
});

it('refuses a type that it can not show', async () => {
  await expect(ask('SELECT get_type(1)')).rejects.toThrow(
    new UsageError("--raw: a column has a type that can't be shown (Unexpected type id: 0)"),
  );
});

it('accepts values just below the limit, and nulls', async () => {
  const [row] = await ask("SELECT repeat('x', 15000000), NULL::VARCHAR, NULL::INTEGER[], ''");
  expect((row?.[0] as string).length).toBe(15_000_000);
  expect(row?.slice(1)).toEqual([null, null, '']);
});

it('accepts bytes and bits just below the limit', async () => {
  const [row] = await ask("SELECT repeat('x', 200000)::BLOB, repeat('1', 20000)::BIT");
  expect(row?.map((value) => (value as string).length)).toEqual([200_000, 20_000]);
});

it('ignores the bytes of a null text, which are no length', async () => {
  expect(await ask("SELECT CASE WHEN range % 2 = 0 THEN 'even' END FROM range(3)")).toEqual([
    ['even'],
    [null],
    ['even'],
  ]);
});

it('returns nested values as text', async () => {
  expect(
    await ask("SELECT [1, NULL], {'a': 'x'}, MAP([1], ['y']), array_value(1, 2), union_value(n := 5)"),
  ).toEqual([['[1, NULL]', "{'a': 'x'}", "{1: 'y'}", '[1, 2]', '5']]);
});

it('returns all rows of many columns, few at a time', async () => {
  const columns = Array.from({ length: 500 }, (_, index) => `range + ${index} AS c${index}`).join(', ');
  const { rows } = await runRaw(connection, `SELECT ${columns} FROM range(5000)`);
  let next = 0;
  for await (const batch of rows) {
    expect(batch.length).toBeLessThanOrEqual(10);
    for (const row of batch) expect([row[0], row[499]]).toEqual([next, next++ + 499]);
  }
  expect(next).toBe(5000);
});

it('does not mistake a failure for the end', async () => {
  const late = "SELECT CASE WHEN range = 400000 THEN error('late') ELSE range END FROM range(500000)";
  await expect(ask(late)).rejects.toThrow(/^the store: the statement failed after \d+ rows/);
});
