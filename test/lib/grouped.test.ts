import { grouped } from '../../src/lib/grouped';

/** The judge: the data of languages in Node.js. */
const judge = (value: number, digits: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits });

it('writes integers as the data of languages says', () => {
  const numbers = [0, 1, 12, 999, 1_000, 12_345, 999_999, 1_000_000, -1, -999, -1_000, -12_345_678];
  for (let power = 0; power < 20; power++) numbers.push(10 ** power, 7 * 10 ** power + 1, -3 * 10 ** power);
  for (const value of numbers) expect(grouped(value)).toBe(judge(value, 0));
});

it('rounds to the digits that are wanted, and leaves out zeros at the end', () => {
  for (let step = -3_000; step <= 3_000; step++) {
    // No value lies in the middle between two results, where both are right.
    const value = step * 7.31 + 0.013;
    for (const digits of [0, 1, 2]) expect(grouped(value, digits)).toBe(judge(value, digits));
  }
  expect(grouped(4, 1)).toBe('4');
  expect(grouped(1_234.5, 1)).toBe('1,234.5');
});

it('writes what is no number in letters', () => {
  expect(grouped(NaN, 1)).toBe('NaN');
  expect(grouped(Infinity)).toBe('Infinity');
});
