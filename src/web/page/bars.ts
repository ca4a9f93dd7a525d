import type uPlot from 'uplot';

/** The part of a bucket that its bars fill. */
const FILLED = 0.82;

/** Widest bar; a wider one would only fill the chart with colour. */
const MOST_BAR_PX = 72;

/**
 * Draws bars that span their buckets. Lines with a value in the same bucket share its width, side by side.
 * Rare events mostly have one value in a bucket, and the full width makes it easier to see.
 */
export function barPaths(bucketMs: () => number): uPlot.Series.PathBuilder {
  return (plot, seriesIndex, first, last) => {
    const length = bucketMs();
    const times = plot.data[0];
    const path = new Path2D();
    const ground = plot.valToPos(0, 'y', true);
    for (let at = first; at <= last; at++) {
      const value = plot.data[seriesIndex]?.[at];
      if (value == null || value === 0) continue;
      const { from, width } = slot(plot, seriesIndex, at);
      const start = (times[at] ?? 0) + length * ((1 - FILLED) / 2 + FILLED * from);
      const left = plot.valToPos(start, 'x', true);
      const right = plot.valToPos(start + length * FILLED * width, 'x', true);
      const top = plot.valToPos(value, 'y', true);
      const px = Math.min(MOST_BAR_PX * devicePixelRatio, Math.max(1, right - left));
      path.rect((left + right - px) / 2, Math.min(top, ground), px, Math.abs(ground - top));
    }
    return { stroke: path, fill: path };
  };
}

/** Draws stacked areas: steps that span their buckets, each from the value below it to its own value. */
export function stepPaths(bucketMs: () => number): uPlot.Series.PathBuilder {
  return (plot, seriesIndex, first, last) => {
    const length = bucketMs();
    const path = new Path2D();
    for (let at = first; at <= last; at++) {
      const value = plot.data[seriesIndex]?.[at];
      const below = valueBelow(plot, seriesIndex, at);
      if (value == null || value === below) continue;
      const time = plot.data[0][at] ?? 0;
      // Whole pixels, otherwise seams between buckets would be visible.
      const left = Math.round(plot.valToPos(time, 'x', true));
      const right = Math.round(plot.valToPos(time + length, 'x', true));
      const top = plot.valToPos(value, 'y', true);
      path.rect(left, top, Math.max(1, right - left), plot.valToPos(below, 'y', true) - top);
    }
    return { stroke: path, fill: path };
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
