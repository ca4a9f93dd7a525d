import { age, clean, cut, cutMiddle, longAge, millis, short, whole } from '../../src/top/text';

it.each([
  [0, '0'],
  [0.0451, '0.05'],
  [0.999, '1.0'],
  [3, '3'],
  [3.25, '3.3'],
  [9.96, '10'],
  [512.4, '512'],
  [999.4, '999'],
  [999.6, '1.0k'],
  [9_949, '9.9k'],
  [9_951, '10k'],
  [999_499, '999k'],
  [999_500, '1.0M'],
  [45_600_000, '46M'],
  [1.5e15, '1.5P'],
  [-1_500, '-1.5k'],
  [Infinity, '-'],
])('%d is short %s', (value, text) => expect(short(value)).toBe(text));

it.each([
  [-5, '0s', '0s'],
  [59_999, '59s', '59s'],
  [60_000, '1m', '1m 0s'],
  [3_599_999, '59m', '59m 59s'],
  [5_400_000, '1h', '1h 30m'],
  [172_799_999, '47h', '1d 23h'],
  [172_800_000, '2d', '2d 0h'],
])('%d ms are %s, or %s', (ms, text, long) => expect([age(ms), longAge(ms)]).toEqual([text, long]));

it.each([
  [null, '-'],
  [0.04, '0.0'],
  [99.94, '99.9'],
  [99.96, '100'],
  [1_240.4, '1240'],
  [100_000, '>99s'],
])('%d ms are %s', (ms, text) => expect(millis(ms)).toBe(text));

it('separates the thousands of a whole number', () => {
  expect([0, 999, 1_000, 1_234_567].map(whole)).toEqual(['0', '999', '1,000', '1,234,567']);
});

it('cuts texts that are too long', () => {
  expect([0, 1, 5, 8].map((width) => cut('12345678', width))).toEqual(['', '1', '1234~', '12345678']);
  expect([3, 6, 8].map((width) => cutMiddle('12345678', width))).toEqual(['12~', '123~78', '12345678']);
});

it('does not change printable ASCII', () => {
  expect(clean('a\x1b[31m\u00e9\u{1f600} ~\x7f\n')).toBe('a?[31m??? ~??');
});
