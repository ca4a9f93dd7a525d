import type { LineSerializer } from '../../src/export/line';
import type { Point } from '../../src/metrics/point';

/** The line of a point that has one. Throws what is wrong with the point otherwise. */
export function lineOf(serializer: LineSerializer, point: Point): string {
  const line = serializer.serialize(point);
  if (typeof line !== 'string') throw new Error(line.detail);
  return line;
}
