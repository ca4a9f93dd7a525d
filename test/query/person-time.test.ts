import { parsePersonTime, personTimeText } from '../../src/query/person-time';
import { formatNs } from '../../src/query/time';

const ns = (iso: string): bigint => BigInt(Date.parse(iso)) * 1_000_000n;

/** Noon of a day in Berlin. */
const now = { ns: ns('2026-11-29T11:00:00Z'), zone: 'Europe/Berlin' };

it.each([
  ['now', '2026-11-29T11:00:00Z'],
  ['1h30m', '2026-11-29T09:30:00Z'],
  ['90s ago', '2026-11-29T10:58:30Z'],
  ['2 days', null],
  ['today', '2026-11-28T23:00:00Z'],
  ['Yesterday', '2026-11-27T23:00:00Z'],
  ['02:00', '2026-11-29T01:00:00Z'],
  ['2:00', '2026-11-29T01:00:00Z'],
  ['12:00', '2026-11-29T11:00:00Z'],
  // Later than now: that of the day before.
  ['12:01', '2026-11-28T11:01:00Z'],
  ['23:59:59', '2026-11-28T22:59:59Z'],
  ['24:00', null],
  ['2026-11-01', '2026-10-31T23:00:00Z'],
  ['2026-07-01', '2026-06-30T22:00:00Z'],
  ['2026-11-01 10:00', '2026-11-01T09:00:00Z'],
  ['2026-11-01T10:00:00.5', '2026-11-01T09:00:00.500Z'],
  ['2026-11-01T10:00:00Z', '2026-11-01T10:00:00Z'],
  ['2026-11-01T10:00:00-05:00', '2026-11-01T15:00:00Z'],
  ['1700000000', '2023-11-14T22:13:20Z'],
  ['0', '1970-01-01T00:00:00Z'],
  ['1970-01-01', '1970-01-01T00:00:00Z'],
  ['2026-02-30', null],
  ['5', null],
  ['12345678', null],
  ['1700000000000', null],
])('%s', (text, expected) => {
  if (expected === null)
    expect(() => parsePersonTime('--since', text, now)).toThrow(`--since ${text}: not a time; `);
  else expect(parsePersonTime('--since', text, now)).toBe(ns(expected));
});

it.each([
  // Clocks go from 2:00 to 3:00 on 29 March, and from 3:00 to 2:00 on 25 October.
  ['Europe/Berlin', '2026-03-29 01:59', '2026-03-29T00:59:00Z'],
  ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:30:00Z'],
  ['Europe/Berlin', '2026-03-29 03:00', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25 01:59', '2026-10-24T23:59:00Z'],
  ['Europe/Berlin', '2026-10-25 02:30', '2026-10-25T00:30:00Z'],
  ['Europe/Berlin', '2026-10-25 03:00', '2026-10-25T02:00:00Z'],
  ['America/New_York', '2026-11-01', '2026-11-01T04:00:00Z'],
  ['Asia/Kolkata', '2026-11-01', '2026-10-31T18:30:00Z'],
  ['Australia/Lord_Howe', '2026-10-04 02:15', '2026-10-03T15:45:00Z'],
  ['UTC', '2026-11-01', '2026-11-01T00:00:00Z'],
])('in %s, %s is %s', (zone, text, expected) => {
  expect(parsePersonTime('--since', text, { ...now, zone })).toBe(ns(expected));
});

it('yesterday is a day of the calendar, also where that has 25 hours', () => {
  const at = (iso: string, zone = 'Europe/Berlin') => ({ ns: ns(iso), zone });
  const of = (text: string, from: ReturnType<typeof at>): string =>
    formatNs(parsePersonTime('--since', text, from));
  const after = at('2026-10-26T08:00:00Z');
  expect([of('yesterday', after), of('today', after)]).toEqual([
    '2026-10-24T22:00:00.000000000Z',
    '2026-10-25T23:00:00.000000000Z',
  ]);
});

it('becomes a text that the node which answers reads as the same time', () => {
  expect(personTimeText('--since', '02:00', now)).toBe('2026-11-29T01:00:00.000000000Z');
});
