import type { Point } from '../../src/metrics/point';
import { START_NS, queryPoints } from './query-points';

/** The number of hours over which `stretchedPoints` are spread. */
export const STRETCHED_HOURS = 8n;

/**
 * The points of `queryPoints`, stretched from one hour to several. They begin and end in the middle of an
 * hour.
 */
export function stretchedPoints(): readonly Point[] {
  return queryPoints().map((point) => ({
    ...point,
    time: START_NS + (point.time - START_NS) * STRETCHED_HOURS,
  }));
}
