import fc from 'fast-check';
import { UsageError } from '../../src/lib/errors';
import { type Where, formatWhere, parseWhere } from '../../src/query/where';

const parse = (text: string): string => formatWhere(parseWhere('tx_outputs', text));

it.each([
  ["script_type != 'pubkeyhash'", "script_type != 'pubkeyhash'"],
  ["script_type<>'pubkeyhash'", "script_type != 'pubkeyhash'"],
  ['size == 5', 'size = 5'],
  ['"size" >= -1.5e2', 'size >= -150'],
  ['size > .5', 'size > 0.5'],
  ['size = -0', 'size = 0'],
  ['size = 9007199254740991', 'size = 9007199254740991'],
  ['is_dust = TRUE', 'is_dust = true'],
  ['(((size = 1)))', 'size = 1'],
  ['size = 1 AND value = 2 and num_keys = 3', '(size = 1) AND (value = 2) AND (num_keys = 3)'],
  ['size = 1 or value = 2 and num_keys = 3', '(size = 1) OR ((value = 2) AND (num_keys = 3))'],
  ['NOT size = 1', 'size != 1'],
  ['NOT NOT size = 1', 'size = 1'],
  ['NOT (size < 1 OR value >= 2)', '(size >= 1) AND (value < 2)'],
  ['NOT (size <= 1 AND NOT value > 2)', '(size > 1) OR (value > 2)'],
  ['NOT size = 1 AND value = 2', '(size != 1) AND (value = 2)'],
  ['size IN (1, 2)', '(size = 1) OR (size = 2)'],
  ["script_type IN ('a')", "script_type = 'a'"],
  ['size NOT IN (1,2)', '(size != 1) AND (size != 2)'],
  ['NOT size in (1,2)', '(size != 1) AND (size != 2)'],
  ['NOT size NOT IN (1,2)', '(size = 1) OR (size = 2)'],
  ["node = 'it''s'", "node = 'it\\'s'"],
  ["node = 'it\\'s'", "node = 'it\\'s'"],
  ["node = 'a\\\\'", "node = 'a\\\\'"],
  ["node = 'a\\n'", "node = 'a\\\\n'"],
  ["node = ''", "node = ''"],
  [`node = '"; DROP -- ( AND'`, `node = '"; DROP -- ( AND'`],
])('%s', (text, expected) => {
  expect(parse(text)).toBe(expected);
  expect(parse(expected)).toBe(expected);
});

it.each([
  ['', '--where: the condition is empty'],
  ['size', 'character 5: expected one of = != < <= > >= IN, found the end'],
  ['size =', 'character 7: size is compared with a number; found the end'],
  ['size = 1 value = 2', 'character 10: expected AND, OR or the end, found value'],
  ['size = 1 AND', 'character 13: expected the name of a column, found the end'],
  ['size = 1)', 'character 9: expected AND, OR or the end, found )'],
  ['(size = 1', 'character 10: expected ), found the end'],
  ['size IN ()', 'character 10: size is compared with a number; found )'],
  ['size NOT = 1', 'character 10: expected one of'],
  ['sise = 1', 'character 1: series tx_outputs has no column sise; did you mean size?'],
  ['time > 5', "character 1: time can't be compared here; use --since and --until"],
  ["size = '5'", "character 8: size is compared with a number; found the string '5'"],
  ['script_type = 5', "character 15: script_type is compared with a string, as 'text'; found 5"],
  ['script_type = "x"', 'character 15: script_type is compared with a string'],
  ['script_type = "a b"', 'character 15: names go in double quotes, values in single ones'],
  ['is_dust = 1', 'character 11: is_dust is compared with true or false; found 1'],
  ['is_dust > true', 'character 9: is_dust is a flag, which only supports = and !='],
  ["script_type < 'a'", 'character 13: script_type is a string, which only supports = and !='],
  ["script_type =~ 'a'", 'character 14: unexpected "~"'],
  ["script_type = 'a", 'character 15: the string has no closing quote'],
  ["script_type = 'a\0'", 'character 15: a string with a NUL character matches nothing'],
  ['size = 5x', 'character 8: not a number: 5x'],
  ['size = 1.2.3', 'character 8: not a number: 1.2.3'],
  ['size = --5', 'character 8: not a number: --5'],
  ['size = 9007199254740992', 'is beyond ±2^53'],
  ['size = 1; DROP TABLE tx', 'character 9: unexpected ";"'],
  ['1 = size', 'character 1: expected the name of a column, found 1'],
  [`${'('.repeat(60)}size = 1`, 'nested more than 50 levels deep'],
  [`${'NOT '.repeat(9999)}size = 1`, 'nested more than 50 levels deep'],
])('refuses %s', (text, message) => {
  const attempt = (): Where => parseWhere('tx_outputs', text);
  expect(attempt).toThrow(UsageError);
  expect(attempt).toThrow(message);
});

it('returns an answer or one line of error for any text', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('size', '=', '<', "'a'", '1', '(', ')', 'AND', 'OR', 'NOT', 'IN', ',', ' ', '"', "'"),
      ),
      (words) => {
        try {
          parseWhere('tx_outputs', words.join(' '));
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as Error).message).not.toContain('\n');
        }
      },
    ),
  );
});

it('reads back any string that it has written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      fc.pre(!value.includes('\0'));
      const where: Where = { kind: 'compare', column: 'node', op: '=', value };
      expect(parseWhere('tx', formatWhere(where))).toEqual(where);
    }),
  );
});
