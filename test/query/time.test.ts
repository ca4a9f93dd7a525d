import { formatNs, parseDuration, parseTime, rfc3339Ns } from '../../src/query/time';

const now = 1_700_000_000_000_000_000n;

it.each([
  ['30s', 30_000_000_000n],
  ['5m', 300_000_000_000n],
  ['1h', 3_600_000_000_000n],
  ['7d', 604_800_000_000_000n],
  ['2w', 1_209_600_000_000_000n],
  ['500ms', 500_000_000n],
  ['1h30m', 5_400_000_000_000n],
  ['1w2d3h4m5s6ms', 788_645_006_000_000n],
  ['1m1.5s', 61_500_000_000n],
])('the duration %s', (text, ns) => {
  expect(parseDuration('--every', text)).toBe(ns);
});

it.each([
  '',
  '0s',
  '5',
  'm',
  '-5m',
  '5 m',
  '5M',
  '1y',
  '0.3ms',
  '99999999w',
  '30m1h',
  '1h1h',
  '1.5h30m',
  '1h 30m',
  '1h30',
])('no duration: %s', (text) => {
  expect(() => parseDuration('--every', text)).toThrow(`--every ${text}: not a duration`);
});

it.each([
  ['now', now],
  ['1h', now - 3_600_000_000_000n],
  ['0', 0n],
  ['1700000000', now],
  ['1700000000.000000001', now + 1n],
  ['1700000000.5', now + 500_000_000n],
  ['2023-11-14T22:13:20Z', now],
  ['2023-11-14T22:13:20.000000001Z', now + 1n],
  ['2023-11-14 22:13:20', now],
  ['2023-11-14T23:13:20.1+01:00', now + 100_000_000n],
  ['2023-11-14T20:43:20-01:30', now],
  ['2023-11-14T22:13Z', now - 20_000_000_000n],
  ['2023-11-14', 1_699_920_000_000_000_000n],
  ['2024-02-29', 1_709_164_800_000_000_000n],
])('the time %s', (text, ns) => {
  expect(parseTime('--since', text, now)).toBe(ns);
});

it.each([
  ['yesterday', 'not a time'],
  ['', 'not a time'],
  ['2023-02-29', 'not a time'],
  ['2023-13-01', 'not a time'],
  ['2023-11-14T24:00:01Z', 'not a time'],
  ['2023-11-14T22:13:20.1234567890Z', 'not a time'],
  ['2023-11-14T22:13:20+24:00', 'not a time'],
  ['-5', 'not a time'],
  ['1700000000000', 'not a time'],
  ['100000000000', 'out of range'],
  ['1969-12-31', 'out of range'],
  ['9999-01-01', 'out of range'],
  ['5000w', 'out of range'],
])('the bad time %s', (text, what) => {
  expect(() => parseTime('--until', text, now)).toThrow(`--until ${text}: ${what}`);
});

it.each([
  [0n, '1970-01-01T00:00:00.000000000Z'],
  [now + 7n, '2023-11-14T22:13:20.000000007Z'],
  [-1n, '1969-12-31T23:59:59.999999999Z'],
  [9_223_372_036_854_775_805n, '2262-04-11T23:47:16.854775805Z'],
])('%s ns are %s, and back', (ns, text) => {
  expect(formatNs(ns)).toBe(text);
  expect(rfc3339Ns(text)).toBe(ns);
});

it('accepts times that no calendar has', () => {
  expect(formatNs(2n ** 63n * 1000n)).toBe(`${2n ** 63n * 1000n}ns`);
});
