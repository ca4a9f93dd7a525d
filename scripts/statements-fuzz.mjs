// Calls of DuckDB's functions with large arguments, the same for the same seed.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** A generator of numbers from 0 to 1 (mulberry32). */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Every function of this DuckDB with the types of its arguments, in a fixed order. */
export async function readFunctions() {
  const { DuckDBInstance } = require('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT function_name, function_type, parameter_types FROM duckdb_functions()
     WHERE function_type IN ('scalar', 'aggregate', 'table', 'table_macro', 'macro')
     ORDER BY function_name, function_type, parameter_types::VARCHAR`,
  );
  const functions = reader.getRowsJS().map(([name, type, types]) => ({ name, type, types: types ?? [] }));
  connection.closeSync();
  instance.closeSync();
  return functions;
}

/**
 * Each of them costs tens of milliseconds already where nothing is done with it: one argument in ten is one.
 */
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

function argumentOf(type, random) {
  const pick = (choices) => choices[Math.floor(random() * choices.length)];
  if (random() < 0.1) return pick(HUGE);
  // Now and then what no signature asks for.
  if (random() < 0.1) return pick([...TEXTS, ...NUMBERS, ...LISTS, ...TIMES, ...BLOBS]);
  if (/LAMBDA/i.test(type)) return pick(LAMBDAS);
  if (/\[\]|LIST|MAP|ARRAY/i.test(type)) return pick(LISTS);
  if (/VARCHAR|JSON/i.test(type)) return pick(TEXTS);
  if (/BLOB|BIT|GEOMETRY/i.test(type)) return pick(BLOBS);
  if (/TIME|DATE|INTERVAL/i.test(type)) return pick(TIMES);
  if (/INT|DOUBLE|FLOAT|DECIMAL|BIGNUM/i.test(type)) return pick(NUMBERS);
  return pick([...TEXTS, ...NUMBERS, ...LISTS]);
}

function callOf({ name, type, types }, random) {
  const wanted = types.filter((one) => one !== null);
  const given = wanted.map((one) => argumentOf(one, random));
  if (random() < 0.1) given.push(argumentOf('ANY', random));
  const isName = /^[a-z_][a-z0-9_]*$/i.test(name);
  if (!isName && given.length === 2) return `SELECT (${given[0]}) ${name} (${given[1]})`;
  if (!isName && given.length === 1) return `SELECT ${name} (${given[0]})`;
  const call = `${isName ? name : `"${name}"`}(${given.join(', ')})`;
  return type.startsWith('table') ? `SELECT count(*) FROM ${call}` : `SELECT ${call}`;
}

/**
 * Calls `from` and following, `count` of them, each with its number: whoever takes the next has it alone.
 * Each name is as likely as any other, however many signatures it has.
 */
export function* calls(functions, seed, from, count) {
  const random = randomOf(seed);
  const pick = (choices) => choices[Math.floor(random() * choices.length)];
  const named = new Map();
  for (const one of functions) named.set(one.name, [...(named.get(one.name) ?? []), one]);
  const byName = [...named.values()];
  for (let index = 0; index < from + count; index++) {
    const statement = callOf(pick(pick(byName)), random);
    if (index >= from) yield { index, statement };
  }
}
