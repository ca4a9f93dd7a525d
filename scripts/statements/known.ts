// Statements that fill the memory, crash DuckDB, or run on without a way to interrupt them. Each is a SELECT,
// as the query box of the page accepts it. The program refuses some of their functions by name.

function nestedLambda(depth: number): string {
  let list = 'range(30)';
  for (let level = 0; level < depth; level++)
    list = `list_transform(range(30), lambda x${level}: len(${list}) + x${level})`;
  return `SELECT ${list}`;
}

const ALL: readonly (readonly [name: string, statement: string])[] = [
  ['a list of 500 million', 'SELECT len(range(500000000))'],
  ['a format of 2 GB', "SELECT length(format('{:>2000000000}', 'x'))"],
  [
    'regexp_extract_all of a long text',
    "SELECT len(regexp_extract_all(repeat('a', 200000000), '(a)|(b)|(c)', 1))",
  ],
  ['list_resize to 2 billion', 'SELECT len(list_resize([1], 2000000000))'],
  ['repeat of a list, a billion times', 'SELECT len(repeat([1], 1000000000))'],
  ['1,600 brackets', `SELECT ${'['.repeat(800)}1${']'.repeat(800)}`],
  ['the PEG parser on 20,000 brackets', "SELECT * FROM check_peg_parser(repeat('(', 20000))"],
  ['strpos of a long text', "SELECT strpos(repeat('a', 30000000), repeat('a', 15000000) || 'b')"],
  ['GLOB with 20,000 wildcards', "SELECT repeat('a', 200000) GLOB (repeat('*a', 20000) || 'b')"],
  ['LIKE with 20,000 wildcards', "SELECT repeat('a', 200000) LIKE (repeat('%a', 20000) || 'b')"],
  ['25 nested list_transform', nestedLambda(25)],
  ['a BIGNUM of 2 million digits', "SELECT repeat('9', 2000000)::BIGNUM"],
  ['list_reduce of 100 million', 'SELECT list_reduce(range(100000000), lambda x, y: x + y)'],
  ['levenshtein of long texts', "SELECT levenshtein(repeat('a', 300000), repeat('b', 300000))"],
  ['lpad to 2 GB', "SELECT length(lpad('a', 2000000000, 'b'))"],
  ['repeat of 4 GB', "SELECT length(repeat('x', 4000000000))"],
  ['a cross product', 'SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b'],
  [
    'a recursive query',
    'WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT max(x) FROM t',
  ],
  ['a list of a billion ranges', 'SELECT list(range(10000)) FROM range(100000000)'],
  ['a text of everything', "SELECT string_agg(repeat('x', 1000), '') FROM range(100000000)"],
  ['jaccard of long texts', "SELECT jaccard(repeat('ab', 100000000), repeat('ba', 100000000))"],
  [
    'a regular expression of many groups',
    `SELECT regexp_matches(repeat('a', 5000000), '${'(a?)'.repeat(500)}')`,
  ],
  ['a million UNION ALL in depth', `SELECT 1 ${'UNION ALL SELECT 1 '.repeat(3000)}`],
  ['a bit string of 2 GB', "SELECT bit_length(repeat('1', 2000000000)::BIT)"],
  ['parentheses in depth', `SELECT ${'('.repeat(20000)}1${')'.repeat(20000)}`],
];

/** The statements that run until the node's deadline. */
const SLOW = new Set([
  'regexp_extract_all of a long text',
  'strpos of a long text',
  'GLOB with 20,000 wildcards',
  '25 nested list_transform',
  'a BIGNUM of 2 million digits',
  'levenshtein of long texts',
  'lpad to 2 GB',
  'a cross product',
  'a recursive query',
]);

/** A statement, and whether it runs until the node's deadline. */
export interface KnownStatement {
  readonly name: string;
  readonly statement: string;
  readonly isSlow: boolean;
}

export const KNOWN: readonly KnownStatement[] = ALL.map(([name, statement]) => ({
  name,
  statement,
  isSlow: SLOW.has(name),
}));
