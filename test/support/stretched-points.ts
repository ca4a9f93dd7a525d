import type { Point } from '../../src/metrics/point';
import { START_NS, queryPoints } from './query-points';

/** How many hours `stretchedPoints` are spread over. */
export const STRETCHED_HOURS = 8n;

/**
 * The points of `queryPoints`, the hour of which is stretched: of several whole hours, begun and ended within
 * one.
 */
export function stretchedPoints(): readonly Point[] {
  return queryPoints().map((point) => ({
    ...point,
    time: START_NS + (point.time - START_NS) * STRETCHED_HOURS,
  }));
}
