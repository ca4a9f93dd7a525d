import { type PanelLine, type Panel, scopeOf } from '../../src/panels/panel';
import { columnName } from '../../src/panels/panel-answer';
import { condition as wantedOf } from '../../src/panels/queries';
import { seriesOf, tagNames } from '../../src/metrics/schema';
import { fieldOf } from '../../src/query/columns';
import { condition, quoted } from '../../src/query/influxql';
import { type Statement, RANGE, chosen, statementsOf } from './influxql';

/** The retention policy that the dashboard's variable names: `1m` or `1h`. */
const POLICY = '"$rollup"';

/** The part of a panel that the rollups of InfluxDB can answer (src/influx/rollups.ts). */
export interface Rolled {
  readonly statements: readonly Statement[];
  /** Lines that they can't answer, by their name in the legend. */
  readonly missing: readonly string[];
}

/**
 * The statements of a panel on rollups. Sums, counts, differences, means and extremes of rollups are those of
 * the points; percentiles of percentiles are not, and conditions on columns are gone.
 */
export function rolledStatements(panel: Panel): Rolled {
  const lines = panel.lines.filter((line) => valueOf(line) !== null && sourceOf(panel, line) !== null);
  const missing = panel.lines.filter((line) => !lines.includes(line)).map(columnName);
  const statements = statementsOf(
    { ...panel, lines },
    { sourceOf: (line) => sourceOf(panel, line) ?? '', valueOf: (line) => valueOf(line) ?? '' },
  );
  return { statements, missing };
}

/** The value of a line; null where rollups don't have it. */
function valueOf({ series, agg: { fn, column } }: PanelLine): string | null {
  if (column === null) {
    const { anchors } = seriesOf(series);
    const [anchor = ''] = anchors;
    return anchors.length === 1 && hasCount(series, anchor)
      ? `sum(${field(`${anchor}_count`, 'integer')})`
      : null;
  }
  const { type = 'string', kind } = fieldOf(series, column) ?? {};
  if (fn === 'count') return hasCount(series, column) ? `sum(${field(`${column}_count`, 'integer')})` : null;
  if (type !== 'int' && type !== 'float') return null;
  const own = type === 'int' ? 'integer' : 'float';
  switch (kind) {
    case 'count':
      return fn === 'sum' || fn === 'rate' ? `sum(${field(column, own)})` : null;
    case 'counter':
      return fn === 'rate' ? 'sum("increase")' : null;
    case 'gauge':
    case 'fact':
      if (fn === 'mean' && kind === 'fact')
        return `sum(${field(`${column}_sum`, own)}) / sum(${field(`${column}_count`, 'integer')})`;
      if (fn === 'mean') return `mean(${field(`${column}_mean`, 'float')})`;
      if (fn === 'min' || fn === 'max') return `${fn}(${field(`${column}_${fn}`, own)})`;
      return fn === 'sum' && kind === 'fact' ? `sum(${field(`${column}_sum`, own)})` : null;
    case undefined:
      return null;
  }
}

/** The rolled-up points of a line; null where its condition is on a column. */
function sourceOf(panel: Panel, line: PanelLine): string | null {
  const { series, agg, where } = line;
  const tags = ['node', 'network', ...tagNames(series)];
  if (!Object.keys(where).every((name) => tags.includes(name))) return null;
  const wanted = wantedOf(series, where);
  const query = { series, agg, by: [], where: wanted, since: 0n, until: 0n, everyNs: null, limit: 0 };
  const own = wanted === null ? '' : ` AND ${condition(query, wanted)}`;
  const points = `${POLICY}.${quoted(series)} WHERE ${RANGE} AND ${chosen(scopeOf(panel, line))}${own}`;
  const { column, fn } = agg;
  if (fn !== 'rate' || column === null || fieldOf(series, column)?.kind !== 'counter') return points;
  const type = fieldOf(series, column)?.type === 'float' ? 'float' : 'integer';
  return `(SELECT non_negative_difference(${field(column, type)}) AS "increase" FROM ${points} GROUP BY *) WHERE ${RANGE}`;
}

/** Whether rollups count the values of a column. */
function hasCount(series: PanelLine['series'], name: string): boolean {
  const column = fieldOf(series, name);
  if (column === undefined) return false;
  if (column.type === 'string') return seriesOf(series).anchors.includes(name);
  return column.type === 'bool' || column.kind === 'fact';
}

function field(name: string, type: string): string {
  return `${quoted(name)}::${type}`;
}
