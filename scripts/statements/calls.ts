// Generates calls of DuckDB's functions with large arguments. The same seed gives the same calls.
import { DuckDBInstance } from '@duckdb/node-api';
import { mulberry32 } from '../support/random';

/** A function of DuckDB with the types of its parameters. A type is null if DuckDB does not name it. */
export interface DuckDbFunction {
  readonly name: string;
  /** As in `duckdb_functions()`: `scalar`, `aggregate`, `table`... */
  readonly type: string;
  readonly types: readonly (string | null)[];
}

/** A statement, and its number among those of its seed. */
export interface NumberedStatement {
  readonly index: number;
  readonly statement: string;
}

type Random = () => number;

function pick<T>(choices: readonly T[], random: Random): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new Error('there is nothing to choose from');
  return choice;
}

/** Every function of this DuckDB with the types of its parameters, in a fixed order. */
export async function readFunctions(): Promise<readonly DuckDbFunction[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT function_name, function_type, parameter_types FROM duckdb_functions()
     WHERE function_type IN ('scalar', 'aggregate', 'table', 'table_macro', 'macro')
     ORDER BY function_name, function_type, parameter_types::VARCHAR`,
  );
  const functions = reader.getRowsJS().map(([name, type, types]) => ({
    name: name as string,
    type: type as string,
    types: (types ?? []) as readonly (string | null)[],
  }));
  connection.closeSync();
  instance.closeSync();
  return functions;
}

/** Arguments that take tens of milliseconds to compute, so that only one argument in ten is one of them. */
const HUGE = [
  "repeat('a', 100000000)",
  "repeat('1', 100000000)::BIT",
  "repeat('é', 50000000)",
  'range(100000000)',
  'repeat([1], 300000000)',
  "[repeat('a', 100000000), 'b']",
];
const TEXTS = [
  "repeat('a', 3000000)",
  "repeat('a', 300000) || 'b'",
  "repeat('(', 20000)",
  "repeat('[', 20000)",
  'repeat(\'{"a":\', 20000)',
  "repeat('%a', 5000)",
  "repeat('*a', 5000)",
  "repeat('(a|b)*', 300)",
  "repeat('9', 200000)",
  "repeat('1', 5000000)",
  "'{:>2000000000}'",
  "'%2000000000d'",
  "repeat('é', 1000000)",
  "''",
  'NULL',
  "'x'",
  "'btcdmon'",
];
const NUMBERS = [
  '2000000000',
  '2147483647',
  '-2147483648',
  '9223372036854775807',
  '-9223372036854775808',
  '100000000',
  '1e308',
  "'nan'::DOUBLE",
  '0',
  '-1',
  '1',
  '64',
  'NULL',
];
const LISTS = [
  'range(1000000)',
  '[1]',
  '[]',
  '[[1], [2]]',
  "[repeat('a', 1000000), 'b']",
  'range(1000)::DOUBLE[]',
  'NULL',
];
const TIMES = [
  "TIMESTAMP '1970-01-01'",
  "'infinity'::TIMESTAMP",
  "DATE '5881580-07-10'",
  "INTERVAL '178000000 days'",
  "TIMESTAMP '290308-12-22'",
  'NULL',
];
const BLOBS = ["repeat('\\xAA', 1000000)::BLOB", "repeat('1', 1000000)::BIT", "''::BLOB"];
const LAMBDAS = [
  'lambda x: x',
  'lambda x, y: x + y',
  "lambda x: repeat('a', 1000000)",
  'lambda x: range(100000)',
];

function argumentOf(type: string, random: Random): string {
  if (random() < 0.1) return pick(HUGE, random);
  // One argument in ten may have another type than the signature demands.
  if (random() < 0.1) return pick([...TEXTS, ...NUMBERS, ...LISTS, ...TIMES, ...BLOBS], random);
  if (/LAMBDA/i.test(type)) return pick(LAMBDAS, random);
  if (/\[\]|LIST|MAP|ARRAY/i.test(type)) return pick(LISTS, random);
  if (/VARCHAR|JSON/i.test(type)) return pick(TEXTS, random);
  if (/BLOB|BIT|GEOMETRY/i.test(type)) return pick(BLOBS, random);
  if (/TIME|DATE|INTERVAL/i.test(type)) return pick(TIMES, random);
  if (/INT|DOUBLE|FLOAT|DECIMAL|BIGNUM/i.test(type)) return pick(NUMBERS, random);
  return pick([...TEXTS, ...NUMBERS, ...LISTS], random);
}

function callOf({ name, type, types }: DuckDbFunction, random: Random): string {
  const wanted = types.filter((one) => one !== null);
  const given = wanted.map((one) => argumentOf(one, random));
  if (random() < 0.1) given.push(argumentOf('ANY', random));
  const isName = /^[a-z_][a-z0-9_]*$/i.test(name);
  const [first = '', second = ''] = given;
  if (!isName && given.length === 2) return `SELECT (${first}) ${name} (${second})`;
  if (!isName && given.length === 1) return `SELECT ${name} (${first})`;
  const call = `${isName ? name : `"${name}"`}(${given.join(', ')})`;
  return type.startsWith('table') ? `SELECT count(*) FROM ${call}` : `SELECT ${call}`;
}

/**
 * The calls `from` to `from + count` of a seed. Each name is equally likely, however many signatures it has.
 */
export function* calls(
  functions: readonly DuckDbFunction[],
  seed: number,
  from: number,
  count: number,
): Generator<NumberedStatement> {
  const random = mulberry32(seed);
  const named = new Map<string, DuckDbFunction[]>();
  for (const one of functions) named.set(one.name, [...(named.get(one.name) ?? []), one]);
  const byName = [...named.values()];
  for (let index = 0; index < from + count; index++) {
    const statement = callOf(pick(pick(byName, random), random), random);
    if (index >= from) yield { index, statement };
  }
}
