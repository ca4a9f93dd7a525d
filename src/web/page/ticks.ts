import type { Unit } from '../../panels/panel';
import { formatClock, formatDay } from './format';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Labels of a time axis: clock times, with the date at midnight. If a step is at least a day, dates only. */
export function timeTicks(times: readonly number[]): string[] {
  const step = (times[1] ?? 0) - (times[0] ?? 0);
  return times.map((time) => {
    const date = new Date(time);
    const clock = formatClock(date, step > 0 && step < MINUTE_MS);
    // Where the clocks change, a step of a day is an hour shorter.
    return step >= DAY_MS - HOUR_MS || /^[0:]+$/.test(clock) ? formatDay(date).slice(5) : clock;
  });
}

/** Steps of a time of a second or more: each is whole in its unit. */
const DURATIONS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
];

/**
 * Steps between ticks: 1, 2, 2.5 and 5 times a power of ten; only whole steps for counted things, and those
 * of a clock for durations.
 */
export function incrementsFor(unit: Unit): number[] {
  if (unit === 'ms') {
    const short = [0.001, 0.01, 0.1, 1, 10, 100].flatMap((power) =>
      [1, 2, 5].map((factor) => factor * power),
    );
    const days = [1, 10, 100, 1_000, 10_000].flatMap((power) =>
      [1, 2, 5].map((factor) => factor * power * DAY_MS),
    );
    return [...short, ...DURATIONS_S.map((seconds) => seconds * 1_000), ...days];
  }
  const whole = unit === 'height' || unit === 'count';
  const powers = Array.from({ length: 26 }, (_, index) => index - 9);
  return powers
    .flatMap((power) => [1, 2, 2.5, 5].map((factor) => Number(`${factor}e${power}`)))
    .filter((step) => !whole || Number.isInteger(step));
}

/**
 * The least and the largest value of some lines; null if they have none. A chart must look at all of its
 * values: uPlot leaves out those of a bucket that begins before the range, whose bar would be cut off.
 */
export function extremes(lines: readonly (readonly (number | null)[])[]): [number | null, number | null] {
  let [least, largest]: [number | null, number | null] = [null, null];
  for (const values of lines)
    for (const value of values) {
      if (value === null) continue;
      least = least === null ? value : Math.min(least, value);
      largest = largest === null ? value : Math.max(largest, value);
    }
  return [least, largest];
}

/** Ratio of the axis to the largest value. */
const HEADROOM = 1.08;

/**
 * The ends of the value axis. It begins at 0, except for heights, whose changes would be too small to see.
 */
export function valueRange(unit: Unit, least: number | null, largest: number | null): [number, number] {
  if (least === null || largest === null) return [0, 1];
  if (unit === 'height') {
    const margin = Math.max(1, (largest - least) * (HEADROOM - 1));
    return [Math.max(0, Math.floor(least - margin)), Math.ceil(largest + margin)];
  }
  const low = Math.min(0, least * HEADROOM);
  // Below 1 an axis of whole things would have no tick but 0.
  const high = Math.max(unit === 'count' && largest > 0 ? 1 : 0, largest * HEADROOM);
  return low === high ? [0, 1] : [low, high];
}
