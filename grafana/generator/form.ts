import { GraphDrawStyle } from '@grafana/grafana-foundation-sdk/common';
import type { Panel } from '../../src/panels/panel';
import { FLOATING, LONGEST_GAP_MS } from './look';

/** How Grafana draws a panel over time. */
export interface Form {
  readonly style: GraphDrawStyle;
  readonly isStacked: boolean;
  /** Whether a value lasts until the next one. */
  readonly isStepped: boolean;
  /** Opacity of the area under a line in percent. */
  readonly opacity: number;
  /** Gaps that are drawn over: all, or those of up to so many milliseconds; null for none. */
  readonly spansNulls: true | number | null;
}

/**
 * The form of a panel. Bars are stacked where they add up. Grafana draws other bars of one bucket over each
 * other, so those are drawn as steps. The height of a chain is a step from block to block.
 */
export function formOf(panel: Panel): Form {
  const { plot, unit, lines } = panel;
  const form = { style: GraphDrawStyle.Line, isStacked: false, isStepped: false, opacity: 0 };
  if (FLOATING.has(unit) && plot === 'points') return { ...form, isStepped: true, spansNulls: true };
  switch (plot) {
    case 'points':
      return { ...form, style: GraphDrawStyle.Points, spansNulls: null };
    case 'stacked':
      return { ...form, isStacked: true, opacity: 40, spansNulls: LONGEST_GAP_MS };
    case 'bars':
      if (lines.length > 1 && !addUp(panel))
        return { ...form, isStepped: true, opacity: 15, spansNulls: null };
      return { ...form, style: GraphDrawStyle.Bars, isStacked: addUp(panel), opacity: 60, spansNulls: null };
    case 'lines':
    case 'table':
      return { ...form, spansNulls: LONGEST_GAP_MS };
  }
}

/** Whether the lines are parts of a whole: counts or sums of one column under several conditions. */
function addUp({ lines }: Panel): boolean {
  const [first] = lines;
  return (
    first !== undefined &&
    (lines.length > 1 || first.by.length > 0) &&
    lines.every(
      ({ series, agg }) =>
        (agg.fn === 'count' || agg.fn === 'sum') &&
        series === first.series &&
        agg.fn === first.agg.fn &&
        agg.column === first.agg.column,
    )
  );
}
