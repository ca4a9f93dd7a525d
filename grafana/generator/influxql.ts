import { columnName } from '../../src/panels/panel-answer';
import { type PanelLine, type Panel, type Scope, scopeOf } from '../../src/panels/panel';
import { condition as wantedOf } from '../../src/panels/queries';
import { fieldOf, isCounter } from '../../src/query/columns';
import { aggregateFields, aggregateSource, condition, quoted } from '../../src/query/influxql';
import type { Query } from '../../src/query/model';

/** One statement for Grafana, with its macros and variables, that answers some lines of a panel. */
export interface Statement {
  readonly text: string;
  /** Grafana's name of the series in the answer. */
  readonly alias: string;
  /** The lines, in the order of the columns after the time. */
  readonly lines: readonly PanelLine[];
}

/**
 * Conditions of every statement: one of the dashboard's variables for nodes, which has one value, and the
 * networks, a list of values or all.
 */
export function chosen(scope: Scope): string {
  return `"node"::tag =~ /^\${${scope}:regex}$/ AND "network"::tag =~ /^$network$/`;
}

export const RANGE = '$timeFilter';

/**
 * The statements of a panel, with the macros that Grafana fills in. Lines that select from the same points
 * share one statement. InfluxDB then reads the points once, and the messages of 36 commands are one request.
 */
export function statements(panel: Panel): readonly Statement[] {
  return statementsOf(panel, { sourceOf: (line) => sourceOf(panel, line), valueOf });
}

/** How the lines of a panel are read. */
interface Reading {
  /** The source of a line, including the conditions. */
  readonly sourceOf: (line: PanelLine) => string;
  /** Its aggregate; of a rate the sum. */
  readonly valueOf: (line: PanelLine) => string;
}

/** The statements of a panel that is read in some way, as `statements` groups them. */
export function statementsOf(panel: Panel, reading: Reading): readonly Statement[] {
  const bySource = new Map<string, PanelLine[]>();
  for (const line of panel.lines) {
    const source = reading.sourceOf(line);
    bySource.set(source, [...(bySource.get(source) ?? []), line]);
  }
  return [...bySource].map(([source, lines]) => statement(panel, source, lines, reading));
}

function statement(panel: Panel, source: string, lines: readonly PanelLine[], reading: Reading): Statement {
  const bucketed = panel.shortestBucketS !== null;
  const by = lines[0]?.by ?? [];
  const dimensions = [...(bucketed ? ['time($__interval)'] : []), ...by.map(quoted)];
  const fields = lines.map((line) => `${scaled(line, reading.valueOf(line))} AS ${quoted(columnName(line))}`);
  const groups =
    dimensions.length === 0 ? '' : ` GROUP BY ${dimensions.join(', ')} fill(${fill(panel, lines)})`;
  const tags = by.map((tag) => `$tag_${tag}`);
  const names = lines.every(({ label }) => label === '') && by.length > 0 ? [] : ['$col'];
  return {
    text: `SELECT ${fields.join(', ')} FROM ${source}${groups}`,
    alias: [...names, ...tags].join(' '),
    lines,
  };
}

/** The source of a line, including the conditions. */
function sourceOf(panel: Panel, line: PanelLine): string {
  const query = queryOf(line);
  const own = query.where === null ? '' : ` AND ${condition(query, query.where)}`;
  const filter = `${RANGE} AND ${chosen(scopeOf(panel, line))}${own}`;
  const { column, fn } = line.agg;
  if (fn !== 'rate' || column === null || !isCounter(line.series, column) || panel.shortestBucketS === null)
    return aggregateSource(query, filter, RANGE);
  // The last value of each bucket comes first: a difference for each point of a day would take far longer.
  const type = fieldOf(line.series, column)?.type === 'float' ? 'float' : 'integer';
  const last = `non_negative_difference(last(${quoted(column)}::${type})) AS "increase"`;
  return `(SELECT ${last} FROM ${quoted(line.series)} WHERE ${filter} GROUP BY time($__interval), * fill(none)) WHERE ${RANGE}`;
}

function valueOf(line: PanelLine): string {
  const [field, ...more] = aggregateFields(queryOf(line));
  if (field === undefined || more.length > 0)
    throw new Error(`the points of ${line.series} have several anchors: a line that counts them names one`);
  return field;
}

/** A value as the panel draws it: a rate per second, and the factor of the line. */
function scaled({ agg, scale }: PanelLine, value: string): string {
  const rate = agg.fn === 'rate' ? `${value} / ($__interval_ms / 1000)` : value;
  return scale === 1 ? rate : `${rate} * ${scale}`;
}

/**
 * How a bucket without points is drawn. If points are written at every interval, a missing one is a gap in
 * the line: the monitor was down. A bar is as wide as its bucket only if its neighbours have a value, so
 * buckets without events count 0. Other events have no regular distance, so there are no gaps.
 */
function fill({ plot }: Panel, lines: readonly PanelLine[]): 'null' | 'none' | '0' {
  if (plot === 'bars' && lines.every(isAmount)) return '0';
  return (plot === 'lines' || plot === 'stacked') && lines.every(isSampled) ? 'null' : 'none';
}

/** Whether a line is 0 where nothing happened. */
function isAmount({ agg }: PanelLine): boolean {
  return agg.fn === 'count' || agg.fn === 'sum' || agg.fn === 'rate';
}

/** Whether a line shows a column that is written at every interval. */
function isSampled({ series, agg }: PanelLine): boolean {
  const kind = agg.column === null ? 'fact' : fieldOf(series, agg.column)?.kind;
  return kind !== undefined && kind !== 'fact';
}

/** The line as a query whose range and buckets are Grafana's macros. */
function queryOf({ series, agg, by, where }: PanelLine): Query {
  return { series, agg, by, where: wantedOf(series, where), since: 0n, until: 0n, everyNs: null, limit: 0 };
}
