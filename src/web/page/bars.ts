import type uPlot from 'uplot';

/** The part of a bucket that its bars fill. */
const FILLED = 0.82;

/** The period that a chart shows, in Unix milliseconds. */
export interface TimeRange {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** How buckets are drawn: their length, and the period that their points cover. */
export interface Buckets {
  readonly lengthMs: number;
  readonly span: TimeRange;
}

/** Begin and length of the part of a bucket that lies in the period: the first and the last may be cut. */
function partOf(time: number, { lengthMs, span }: Buckets): { readonly from: number; readonly ms: number } {
  const from = Math.max(time, span.sinceMs);
  return { from, ms: Math.max(0, Math.min(time + lengthMs, span.untilMs) - from) };
}

/**
 * Draws bars that span their buckets. Lines with a value in the same bucket share its width, side by side.
 * Rare events mostly have one value in a bucket, and the full width makes it easier to see.
 */
export function barPaths(buckets: () => Buckets): uPlot.Series.PathBuilder {
  return (plot, seriesIndex, first, last) => {
    const drawn = buckets();
    const times = plot.data[0];
    const path = new Path2D();
    const ground = plot.valToPos(0, 'y', true);
    for (let at = first; at <= last; at++) {
      const value = plot.data[seriesIndex]?.[at];
      if (value == null || value === 0) continue;
      const { from, width } = slot(plot, seriesIndex, at);
      const part = partOf(times[at] ?? 0, drawn);
      const start = part.from + part.ms * ((1 - FILLED) / 2 + FILLED * from);
      const left = plot.valToPos(start, 'x', true);
      const right = plot.valToPos(start + part.ms * FILLED * width, 'x', true);
      const top = plot.valToPos(value, 'y', true);
      path.rect(left, Math.min(top, ground), Math.max(1, right - left), Math.abs(ground - top));
    }
    return { stroke: path, fill: path };
  };
}

/** Draws stacked areas: steps that span their buckets, each from the value below it to its own value. */
export function stepPaths(buckets: () => Buckets): uPlot.Series.PathBuilder {
  return (plot, seriesIndex, first, last) => {
    const drawn = buckets();
    const path = new Path2D();
    for (let at = first; at <= last; at++) {
      const value = plot.data[seriesIndex]?.[at];
      const below = valueBelow(plot, seriesIndex, at);
      if (value == null || value === below) continue;
      const { from, ms } = partOf(plot.data[0][at] ?? 0, drawn);
      // Whole pixels, otherwise seams between buckets would be visible.
      const left = Math.round(plot.valToPos(from, 'x', true));
      const right = Math.round(plot.valToPos(from + ms, 'x', true));
      const top = plot.valToPos(value, 'y', true);
      path.rect(left, top, Math.max(1, right - left), plot.valToPos(below, 'y', true) - top);
    }
    return { stroke: path, fill: path };
  };
}

/**
 * Draws a line that is level through each bucket. Where `holds` is true, it keeps its value until the next
 * one comes.
 */
export function levelPaths(buckets: () => Buckets, holds: boolean): uPlot.Series.PathBuilder {
  return (plot, seriesIndex, first, last) => {
    const drawn = buckets();
    const path = new Path2D();
    /** The end of the level before, to which the next one is joined. */
    let end: number | null = null;
    for (let at = first; at <= last; at++) {
      const value = plot.data[seriesIndex]?.[at];
      if (value == null) {
        if (!holds) end = null;
        continue;
      }
      const { from, ms } = partOf(plot.data[0][at] ?? 0, drawn);
      const [left, right] = [plot.valToPos(from, 'x', true), plot.valToPos(from + ms, 'x', true)];
      const y = plot.valToPos(value, 'y', true);
      if (end === null) path.moveTo(left, y);
      else {
        if (holds) path.lineTo(left, end);
        path.lineTo(left, y);
      }
      path.lineTo(right, y);
      end = y;
    }
    return { stroke: path };
  };
}

/** Value of the closest visible line below another one. */
function valueBelow(plot: uPlot, seriesIndex: number, at: number): number {
  for (let index = seriesIndex - 1; index > 0; index--)
    if (plot.series[index]?.show === true) return plot.data[index]?.[at] ?? 0;
  return 0;
}

/** Position of a line's bar within its bucket, as parts of its length. */
function slot(
  plot: uPlot,
  seriesIndex: number,
  at: number,
): { readonly from: number; readonly width: number } {
  let count = 0;
  let before = 0;
  for (const [index, { show }] of plot.series.entries()) {
    if (index === 0 || show !== true || (plot.data[index]?.[at] ?? 0) === 0) continue;
    if (index < seriesIndex) before++;
    count++;
  }
  return { from: before / count, width: 1 / count };
}
