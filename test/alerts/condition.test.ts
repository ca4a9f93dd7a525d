import { ALERTS } from '../../src/alerts/alerts';
import { parseCondition } from '../../src/alerts/condition';

it.each([
  ['$A == 0', { A: 0 }, true],
  ['$A == 0', { A: 0.5 }, false],
  ['$A == 0 && $B >= 30', { A: 0, B: 30 }, true],
  ['$A == 0 && $B >= 30', { A: 0, B: 29 }, false],
  ['$B >= 4 && $A < $B / 2', { A: 3.9, B: 8 }, true],
  ['$B >= 4 && $A < $B / 2', { A: 4, B: 8 }, false],
  ['$B - $A - 1 >= 2', { A: 1, B: 4 }, true],
  ['$B - $A - 1 >= 2', { A: 1, B: 3 }, false],
  ['$A > 5 * $B + 1', { A: 11, B: 2 }, false],
  ['$A > 5 * $B + 1', { A: 11.1, B: 2 }, true],
  ['$A <= 8 / 2 / 2', { A: 2 }, true],
  ['$A > 10', {}, false],
])('reads %s with %j as %s', (text, values: Record<string, number>, expected) => {
  expect(parseCondition(text)(values)).toBe(expected);
});

it.each([
  '',
  '$A',
  '$A >',
  '$A = 1',
  '$a > 1',
  '$A > 1 &&',
  '$A > 1 || $B > 1',
  '$A > 1 2',
  'process.exit()',
])('refuses %j', (text) => {
  expect(() => parseCondition(text)).toThrow(`the condition ${text} can't be read`);
});

it('reads that of each alert, which names each of its queries and no other', () => {
  for (const { condition, queries, measured } of ALERTS) {
    expect(parseCondition(condition)({})).toBe(false);
    const named = [...condition.matchAll(/\$([A-Z])/g)].map(([, letter = '']) => letter);
    expect([...new Set(named)].sort()).toEqual(Object.keys(queries).sort());
    for (const [, letter = ''] of measured.matchAll(/\{([A-Z])\}/g)) expect(named).toContain(letter);
  }
});
