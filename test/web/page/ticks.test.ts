import { extremes, incrementsFor, timeTicks, valueRange } from '../../../src/web/page/ticks';

const at = (hour: number, minute = 0, second = 0, day = 5): number =>
  new Date(2026, 2, day, hour, minute, second).getTime();

describe('ticks', () => {
  it('writes clock times, and the date at midnight', () => {
    expect(timeTicks([at(23, 0), at(23, 30), at(24, 0), at(24, 30)])).toEqual([
      '23:00',
      '23:30',
      '03-06',
      '00:30',
    ]);
  });

  it('writes seconds where ticks are closer than a minute', () => {
    expect(timeTicks([at(1, 0, 0), at(1, 0, 15)])).toEqual(['01:00:00', '01:00:15']);
  });

  it('writes days where they are a day apart', () => {
    expect(timeTicks([at(0), at(0, 0, 0, 6)])).toEqual(['03-05', '03-06']);
  });

  it('counts whole things in whole steps', () => {
    expect(incrementsFor('count')[0]).toBe(1);
    expect(incrementsFor('count')).not.toContain(2.5);
    expect(incrementsFor('height')[0]).toBe(1);
    expect(incrementsFor('bytes')).toContain(0.5);
    expect(valueRange('count', 0, 0.83)).toEqual([0, 1]);
  });

  it('counts durations as a clock does', () => {
    const steps = incrementsFor('ms');
    expect(steps).toContain(0.5);
    expect(steps.filter((step) => step >= 1_000 && step < 60_000)).toEqual([
      ...[1_000, 2_000, 5_000, 10_000, 15_000, 30_000],
    ]);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    // The clock of a peer that says 0 is 56 years behind.
    expect(steps.at(-1)).toBeGreaterThan(20_000 * 86_400_000);
  });
});

describe('the axis of values', () => {
  it('begins at 0', () => {
    const [low, high] = valueRange('bytes', 900, 1000);
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(1000);
  });

  it('begins near the least height', () => {
    const [low, high] = valueRange('height', 925_000, 925_006);
    expect(low).toBeGreaterThan(924_990);
    expect(high).toBeGreaterThan(925_006);
  });

  it('holds each value of all lines', () => {
    expect(
      extremes([
        [null, 4, -1],
        [9, null],
      ]),
    ).toEqual([-1, 9]);
    expect(extremes([[null], []])).toEqual([null, null]);
  });

  it('has a length even if there is nothing to show, or only 0', () => {
    expect(valueRange('count', null, null)).toEqual([0, 1]);
    expect(valueRange('count', 0, 0)).toEqual([0, 1]);
  });
});
