import { UsageError } from '../../src/lib/errors';
import { checkDuckdbStatement } from '../../src/query/duckdb-statement';
import { checkInfluxStatement } from '../../src/query/influx-statement';

it.each([
  'SELECT * FROM tx',
  'select count(sha) from tx;',
  '  SHOW MEASUREMENTS ; ',
  'EXPLAIN ANALYZE SELECT * FROM tx',
  '-- a comment\nSELECT 1 FROM tx -- INTO x',
  '/* INTO */ SELECT a /* ; DROP */ FROM tx',
  `SELECT "INTO", 'x; DROP' FROM "a;b" WHERE c = 'it\\'s INTO; y'`,
  'SELECT * FROM /into;x/ WHERE a =~ /it\'s; "INTO/ AND b !~ /\\/;/',
  'SELECT a / 2, b / c FROM tx',
  'SELECT mean(a) / max(b) FROM tx',
  'SELECT * FROM btcdmon.autogen./tx.*/',
  'SELECT * FROM tx WHERE time > now() - 1h',
])('accepts %s', (text) => {
  expect(() => checkInfluxStatement(text)).not.toThrow();
});

it.each([
  ['', 'the statement is empty'],
  [' -- nothing', 'the statement is empty'],
  [';', 'begins with SELECT, SHOW or EXPLAIN'],
  ['DROP MEASUREMENT tx', 'begins with SELECT, SHOW or EXPLAIN, not DROP'],
  ['delete from tx', 'not DELETE'],
  ['"SELECT" x', 'begins with SELECT'],
  ['(SELECT a FROM b)', 'begins with SELECT'],
  ['SELECT * INTO x FROM tx', 'leave out INTO'],
  ['SELECT * into/**/"x" FROM tx', 'leave out INTO'],
  ['EXPLAIN ANALYZE SELECT * INTO x FROM tx', 'leave out INTO'],
  ['SELECT * FROM tx; DROP MEASUREMENT tx', 'takes one statement'],
  ["SELECT 'a\\'; DROP MEASUREMENT x; --' FROM tx; DROP MEASUREMENT tx", 'takes one statement'],
  ["SELECT * FROM /a'b/; DROP MEASUREMENT c; SELECT '/", 'takes one statement'],
  ['SELECT a / 2 FROM tx; DROP MEASUREMENT /x/', 'takes one statement'],
  ["SELECT a / 'x; DROP MEASUREMENT b; SELECT ' FROM /y", 'no closing /'],
  ['SELECT a./b; DROP MEASUREMENT c; SELECT d/ FROM x', 'behind a dot'],
  ["SELECT 'a FROM tx", 'no closing one'],
  ['SELECT "a\n" FROM tx', 'no closing one'],
  ['SELECT * FROM /a', 'no closing /'],
  ['SELECT * FROM /*x*/ tx', 'move the comment'],
])('refuses %s', (text, message) => {
  expect(() => checkInfluxStatement(text)).toThrow(UsageError);
  expect(() => checkInfluxStatement(text)).toThrow(message);
});

it.each(['\0', 'SELECT 1\0; DROP TABLE tx', "SELECT 'a\0b' FROM tx"])(
  'refuses %j in both languages, because what follows NUL would be left out in silence',
  (text) => {
    for (const check of [checkDuckdbStatement, checkInfluxStatement]) {
      expect(() => check(text)).toThrow(UsageError);
      expect(() => check(text)).toThrow('--raw: the statement has a NUL character');
    }
  },
);
