import type { Point } from './point';
import type { Rejection } from './values';

/** The outcome of a batch of points. */
export interface TakenPoints {
  /** How many were taken; the others can never be written. */
  readonly taken: number;
  /** What was wrong with one of the others, for the log. */
  readonly rejection: string | undefined;
}

/** Offers each point to `take`, which takes it or returns why it can never be written. */
export function takeEach(points: readonly Point[], take: (point: Point) => Rejection | null): TakenPoints {
  let taken = 0;
  let rejection: string | undefined;
  for (const point of points) {
    const problem = take(point);
    if (problem === null) taken += 1;
    else rejection = problem.detail;
  }
  return { taken, rejection };
}
