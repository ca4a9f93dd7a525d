import { type QueryArgs, parseQuery } from '../../src/query/model';
import { type Plan, planOf } from '../../src/query/rolled-plan';
import { type SeriesProgress, NO_PROGRESS } from '../../src/store/rollup-progress';

const MINUTE = 60;
const HOUR = 3600;

/** Times in seconds, as numbers, which are easier to read. */
function plan(
  args: QueryArgs,
  marks: Partial<Record<keyof SeriesProgress, number | number[]>> = {},
): unknown {
  const ns = (value: number): bigint => BigInt(value) * 1_000_000_000n;
  const known = Object.entries(marks).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(ns) : ns(value),
  ]);
  const { rolled, points, since }: Plan = planOf(parseQuery(args, 0n), {
    ...NO_PROGRESS,
    ...(Object.fromEntries(known) as Partial<SeriesProgress>),
  });
  const seconds = (time: bigint): number => Number(time / 1_000_000_000n);
  return {
    ...Object.fromEntries(
      (['hour', 'minute'] as const).map((unit) => [
        unit,
        rolled.filter((it) => it.unit === unit).map(({ span }) => [seconds(span.from), seconds(span.until)]),
      ]),
    ),
    points: points.map(({ from, until }) => [seconds(from), seconds(until)]),
    since: since === null ? null : seconds(since),
  };
}

const count = { series: 'tx', agg: ['count'] };
const range = (since: number, until: number): { since: string; until: string } => ({
  since: String(since),
  until: String(until),
});

describe('the plan of a query', () => {
  const rolled = { rolledUntil: 10 * HOUR + 30 * MINUTE, hoursUntil: 10 * HOUR };

  it('reads whole hours from hours, whole minutes at the edges from minutes, and the rest from points', () => {
    expect(plan({ ...count, ...range(HOUR - 90, 11 * HOUR) }, rolled)).toEqual({
      hour: [[HOUR, 10 * HOUR]],
      minute: [
        [HOUR - 60, HOUR],
        [10 * HOUR, 10 * HOUR + 30 * MINUTE],
      ],
      points: [
        [HOUR - 90, HOUR - 60],
        [10 * HOUR + 30 * MINUTE, 11 * HOUR],
      ],
      since: null,
    });
  });

  it.each([
    ['1h', [[HOUR, 10 * HOUR]], [], [[10 * HOUR, 11 * HOUR]], ['p90', 'vsize']],
    ['1h', [[HOUR, 10 * HOUR]], [], [[10 * HOUR, 11 * HOUR]], ['stddev', 'vsize']],
    ['2h', [], [], [[HOUR, 11 * HOUR]], ['p90', 'vsize']],
    ['1m', [], [], [[HOUR, 11 * HOUR]], ['stddev', 'vsize']],
    ['5m', [], [[HOUR, 10.5 * HOUR]], [[10.5 * HOUR, 11 * HOUR]], ['sum', 'vsize']],
    ['30s', [], [], [[HOUR, 11 * HOUR]], ['sum', 'vsize']],
    ['90m', [], [[HOUR, 10.5 * HOUR]], [[10.5 * HOUR, 11 * HOUR]], ['max', 'vsize']],
  ])('of buckets of %s: hours %j, minutes %j, points %j for %j', (every, hour, minute, points, agg) => {
    const query = { series: 'tx', agg, every, ...range(HOUR, 11 * HOUR) };
    expect(plan(query, rolled)).toEqual({ hour, minute, points, since: null });
  });

  it.each([
    [{ where: 'is_standard = false' }, true],
    [{ where: "is_standard != false AND node = 'a' AND (network = 'b' OR network = 'c')" }, true],
    [{ where: 'is_standard = false OR is_standard = true' }, false],
    [{ where: 'vsize > 100' }, false],
    [{ where: 'is_standard = false', agg: ['sum', 'vsize'] }, false],
    [{ by: ['is_standard'] }, false],
    [{ agg: ['p50', 'vsize'], every: '1h', where: "node = 'a'" }, true],
    [{ agg: ['p50', 'vsize'], every: '1h', where: "node != 'a'" }, false],
    [{ agg: ['p50', 'vsize'], every: '1h', where: "node != 'a'", by: ['node'] }, true],
    [{ agg: ['mode', 'vsize'], every: '1h', where: "node = 'a' OR node = 'b'" }, false],
  ])('of %j uses rollups: %j', (args, expected) => {
    const { hour } = plan({ ...count, ...range(HOUR, 9 * HOUR), ...args }, rolled) as { hour: unknown[] };
    expect(hour.length > 0).toBe(expected);
  });

  it('reads hours that lack late points from points', () => {
    expect(
      plan(
        { ...count, ...range(HOUR, 9 * HOUR) },
        { ...rolled, late: [2 * HOUR, 3 * HOUR, 8 * HOUR, 20 * HOUR] },
      ),
    ).toEqual({
      hour: [
        [HOUR, 2 * HOUR],
        [4 * HOUR, 8 * HOUR],
      ],
      minute: [],
      points: [
        [2 * HOUR, 4 * HOUR],
        [8 * HOUR, 9 * HOUR],
      ],
      since: null,
    });
  });

  it('reads everything between from points if such hours are scattered', () => {
    const late = Array.from({ length: 40 }, (_, i) => (3 + 2 * i) * HOUR);
    const marks = { rolledUntil: 100 * HOUR, hoursUntil: 100 * HOUR, late };
    expect(plan({ ...count, ...range(HOUR, 90 * HOUR) }, marks)).toEqual({
      hour: [
        [HOUR, 3 * HOUR],
        [82 * HOUR, 90 * HOUR],
      ],
      minute: [],
      points: [[3 * HOUR, 82 * HOUR]],
      since: null,
    });
  });

  it('of removed time widens to whole buckets, adds points that arrived later, and reports what nothing can answer', () => {
    const gone = { ...rolled, rawSince: 5 * HOUR };
    expect(plan({ ...count, ...range(HOUR + 90, 6 * HOUR) }, gone)).toEqual({
      hour: [
        [2 * HOUR, 5 * HOUR],
        [5 * HOUR, 6 * HOUR],
      ],
      minute: [[HOUR + 60, 2 * HOUR]],
      points: [[HOUR + 90, 5 * HOUR]],
      since: null,
    });
    const p99 = { series: 'tx', agg: ['p99', 'vsize'], every: '1h', ...range(HOUR + 90, 6 * HOUR) };
    expect(plan(p99, gone)).toMatchObject({
      hour: [
        [HOUR, 5 * HOUR],
        [5 * HOUR, 6 * HOUR],
      ],
      points: [],
      since: null,
    });
    expect(plan(p99, { ...gone, hoursSince: 3 * HOUR })).toMatchObject({
      hour: [
        [3 * HOUR, 5 * HOUR],
        [5 * HOUR, 6 * HOUR],
      ],
      since: 3 * HOUR,
    });
    expect(plan({ ...p99, every: '30m' }, gone)).toMatchObject({ hour: [], since: 5 * HOUR });
  });
});
