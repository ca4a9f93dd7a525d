import {
  axisFormat,
  digits,
  formatDuration,
  formatTime,
  formatValue,
  titleUnit,
  valueWriter,
} from '../../../src/web/page/format';
import type { Unit } from '../../../src/panels/panel';

/** With plain spaces, to be readable. */
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');

it.each([
  ['bytes', 'bytes'],
  ['sat/vB', 'sat/vB'],
  ['count', ''],
  ['height', ''],
  // An axis of durations has a unit at each tick, which may be minutes.
  ['ms', ''],
] as const)('a title has its unit only where the values do not say it: %s', (unit, title) => {
  expect(titleUnit(unit)).toBe(title);
});

describe('values', () => {
  const cases: readonly (readonly [value: number, unit: Unit, text: string])[] = [
    [0, 'bytes', '0 B'],
    [999, 'bytes', '999 B'],
    [1000, 'bytes', '1 kB'],
    [1_234_567, 'bytes', '1.23 MB'],
    [2_500_000_000, 'bytes', '2.5 GB'],
    [90_500, 'bytes/s', '90.5 kB/s'],
    [546, 'sat', '546 sat'],
    [999_999, 'sat', '999 999 sat'],
    [1_000_000, 'sat', '0.01 BTC'],
    [312_500_000, 'sat', '3.13 BTC'],
    [123_456_789_012, 'sat', '1 235 BTC'],
    [0.4, 'ms', '0.4 ms'],
    [999, 'ms', '999 ms'],
    [1500, 'ms', '1.5 s'],
    [90_000, 'ms', '1.5 min'],
    [7_200_000, 'ms', '2 h'],
    [172_000_000, 'ms', '47.8 h'],
    [216_000_000, 'ms', '2.5 d'],
    [-1_796_047_200_000, 'ms', '-20 788 d'],
    [260.4, 'per minute', '260 /min'],
    [1.5, 'sat/vB', '1.5 sat/vB'],
    [0.1, 'sat/vB', '0.1 sat/vB'],
    [12.34, 'percent', '12.3 %'],
    [925_013, 'height', '925 013'],
    [1234.5, 'count', '1 235'],
    [0.000_123_4, 'count', '0.000123'],
    [4.656e-10, 'count', '4.66e-10'],
    [1500, 'vB', '1.5 kvB'],
    [-1500, 'bytes', '-1.5 kB'],
  ];
  it.each(cases)('writes %d of %s as %s', (value, unit, text) => {
    expect(plain(formatValue(value, unit))).toBe(text);
  });

  it('writes whole numbers in groups, without losing digits', () => {
    expect(plain(digits(1_234_567_890))).toBe('1 234 567 890');
    expect(plain(digits(12_345.6))).toBe('12 346');
  });
});

it('rounds the values of whole things: there are no 0.83 peers', () => {
  expect(valueWriter('count', true)(0.83)).toBe('1');
  expect(valueWriter('count', false)(0.83)).toBe('0.83');
});

describe('axes', () => {
  it('writes each duration in the largest unit in which it is whole or a half', () => {
    const write = axisFormat('ms', 150_000);
    const ticks = [0, 500, 30_000, 60_000, 90_000, 100_000, 5_400_000].map((ms) => plain(write(ms)));
    expect(ticks).toEqual(['0 ms', '500 ms', '30 s', '1 min', '1.5 min', '100 s', '1.5 h']);
  });

  it('keeps one scale, that of the largest tick', () => {
    const write = axisFormat('bytes', 2_000_000);
    expect([0, 500_000, 2_000_000].map((value) => plain(write(value)))).toEqual(['0 MB', '0.5 MB', '2 MB']);
  });

  it('shortens thousands, but never a height', () => {
    expect(plain(axisFormat('count', 50_000)(50_000))).toBe('50k');
    expect(plain(axisFormat('count', 5e6)(2.5e6))).toBe('2.5M');
    expect(plain(axisFormat('count', 2e14)(1.5e14))).toBe('150T');
    expect(plain(axisFormat('height', 925_000)(925_000))).toBe('925 000');
  });
});

describe('times', () => {
  const cases: readonly (readonly [ms: number, text: string])[] = [
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [700_000, '11 min'],
    [3_660_000, '1 h 1 min'],
    [86_400_000, '1 d'],
    [187_200_000, '2 d 4 h'],
    [86_400_000 * 30, '30 d'],
  ];
  it.each(cases)('writes a duration of %d ms as %s', (ms, text) => {
    expect(plain(formatDuration(ms))).toBe(text);
  });

  it('writes a time in the zone of the user', () => {
    expect(formatTime(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('2026-01-02 03:04:05');
  });
});
