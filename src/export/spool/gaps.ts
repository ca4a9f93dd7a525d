import type { SpoolPosition } from './cursor';
import { goneText, missingText } from './loss-texts';
import { type Segment, segmentName } from './segment';

/** Segments that are gone or empty. */
export interface SpoolGap {
  /** One line about it. */
  readonly text: string;
  /** Number of the segment that is empty, or after which files are gone; undefined where nothing is sure. */
  readonly after: number | undefined;
}

/**
 * Finds segments that are missing or empty, by the numbers of the existing ones and the cursor. Each segment
 * has the next number after the one before, and is begun only when the one before has records.
 */
export function findGaps(
  segments: readonly Pick<Segment, 'number' | 'bytes'>[],
  cursor: SpoolPosition,
): readonly SpoolGap[] {
  const gaps: SpoolGap[] = [];
  for (const [i, { number, bytes }] of segments.entries()) {
    const next = segments[i + 1]?.number;
    if (next === undefined) continue;
    // All of it may have been delivered.
    const isDelivered = number === cursor.segment && cursor.offset > 0;
    if (bytes === 0 && !isDelivered)
      gaps.push({ text: missingText(segmentName(number), segmentName(number), 'empty'), after: number });
    if (next > number + 1)
      gaps.push({
        text: missingText(segmentName(number + 1), segmentName(next - 1), 'not there'),
        after: number,
      });
  }
  const oldest = segments[0]?.number ?? Infinity;
  const newest = segments.at(-1)?.number ?? 0;
  if (cursor.segment > 0 && (cursor.segment < oldest || cursor.segment > newest))
    gaps.push({ text: goneText(segmentName(cursor.segment)), after: undefined });
  return gaps;
}
