import { type Metric, metricsOf, splitOf } from '../../src/export/prometheus/names';
import { type SeriesName, seriesOf } from '../../src/metrics/schema';
import { COUNTED_COMMANDS } from '../../src/wire/commands';
import { columnName } from '../../src/panels/panel-answer';
import { type PanelLine, type Panel, type Scope, type Wanted, scopeOf } from '../../src/panels/panel';
import { PERCENTS } from '../../src/store/rank-sql';

/** One Prometheus expression that answers one line of a panel, or the lines of all commands at once. */
export interface Expression {
  readonly text: string;
  /** Grafana's name of the series in the answer. */
  readonly legend: string;
}

/** The part of a panel that metrics can answer. */
export interface Answerable {
  readonly expressions: readonly Expression[];
  /** Lines that they can't answer, by their name in the legend. */
  readonly missing: readonly string[];
}

/** A metric, and the conditions on its labels. */
interface Selected {
  readonly metric: Metric;
  readonly scope: Scope;
  readonly matchers: readonly string[];
}

/** A line whose scope is known. */
type ScopedLine = PanelLine & { readonly of: Scope };

/**
 * Conditions by the dashboard's variables: one node, and several networks or all. A missing label equals ''
 * and matches "all".
 */
function chosen(scope: Scope): readonly string[] {
  return [`node="$${scope}"`, 'network=~"$network"'];
}

/** Range of an expression: the bucket for counts in a bucket, otherwise at least four scrapes. */
const BUCKET = '[$__interval]';
const RATE = '[$__rate_interval]';
const WHOLE = '[$__range]';

/**
 * The expressions of a panel in PromQL. Prometheus has counts, gauges and histograms of durations. For
 * example, no metric has the median of fees.
 */
export function expressions(panel: Panel): Answerable {
  const bucket = panel.shortestBucketS === null ? WHOLE : BUCKET;
  const found: Expression[] = [];
  const missing: string[] = [];
  const commands = commandsAtOnce(panel);
  if (commands !== null) return { expressions: [commands], missing };
  for (const line of panel.lines) {
    const text = expression({ ...line, of: scopeOf(panel, line) }, bucket);
    if (text === null) missing.push(columnName(line));
    else found.push({ text, legend: legend(line) });
  }
  return { expressions: found, missing };
}

/** If the lines are those of all commands: one expression, grouped by command. */
function commandsAtOnce(panel: Panel): Expression | null {
  const { lines, shortestBucketS } = panel;
  const [first] = lines;
  const columns = lines.map(({ agg }) => agg.column);
  if (first === undefined || shortestBucketS === null) return null;
  const isAll =
    lines.length === COUNTED_COMMANDS.length && COUNTED_COMMANDS.every((it) => columns.includes(it));
  const metric = metricsOf(first.series).find(({ column }) => column === first.agg.column);
  if (!isAll || metric === undefined || first.agg.fn !== 'rate') return null;
  const text = scaled(
    `sum by (command) (rate(${selector({ metric: { ...metric, fixed: {} }, matchers: [], scope: scopeOf(panel, first) })}${RATE}))`,
    first.scale,
  );
  return { text, legend: '{{command}}' };
}

function legend(line: PanelLine): string {
  const groups = line.by.map((tag) => `{{${tag}}}`);
  return [...(line.label === '' && groups.length > 0 ? [] : [columnName(line)]), ...groups].join(' ');
}

function expression(line: ScopedLine, bucket: string): string | null {
  const { series, agg } = line;
  const by = line.by.length === 0 ? '' : ` by (${line.by.join(', ')})`;
  if (agg.fn === 'count' || (agg.fn === 'rate' && agg.column === null)) {
    if (agg.column !== null && !isCountedBy(series, agg.column)) return null;
    return agg.fn === 'count'
      ? counted(line, (it) => `sum${by} (increase(${selector(it)}${bucket}))`)
      : counted(line, (it) => `sum${by} (rate(${selector(it)}${RATE}))`);
  }
  const metric = metricsOf(series).find(({ column }) => column === agg.column);
  const selected = metric === undefined ? null : select(line, metric);
  if (selected === null) return null;
  const scale = line.scale / selected.metric.scale;
  const text = ofMetric(line, selected, by, bucket);
  if (text === null) return null;
  return agg.fn === 'sum' && scale === 1 ? whole(text) : scaled(text, scale);
}

/** Any aggregate but a count of points. */
function ofMetric(line: ScopedLine, selected: Selected, by: string, bucket: string): string | null {
  const { fn } = line.agg;
  const { does } = selected.metric;
  const suffixed = (suffix: string): string =>
    selector({ ...selected, metric: { ...selected.metric, name: `${selected.metric.name}${suffix}` } });
  switch (fn) {
    case 'sum':
      return does === 'add' ? `sum${by} (increase(${selector(selected)}${bucket}))` : null;
    case 'rate':
      return does === 'add' || does === 'follow' ? `sum${by} (rate(${selector(selected)}${RATE}))` : null;
    case 'mean': {
      if (does === 'set') return `avg${by} (avg_over_time(${selector(selected)}${bucket}))`;
      if (does === 'observe')
        return `sum${by} (rate(${suffixed('_sum')}${RATE})) / sum${by} (rate(${suffixed('_count')}${RATE}))`;
      const points = does === 'add' ? pointsOf(line.series) : undefined;
      const all = points === undefined ? null : select(line, points);
      if (all === null) return null;
      return `sum${by} (increase(${selector(selected)}${bucket})) / sum${by} (increase(${selector(all)}${bucket}))`;
    }
    case 'min':
    case 'max':
      return does === 'set' ? `${fn}${by} (${fn}_over_time(${selector(selected)}${bucket}))` : null;
    case 'p50':
    case 'p90':
    case 'p99': {
      if (does !== 'observe') return null;
      const groups = ['le', ...line.by].join(', ');
      return `histogram_quantile(${PERCENTS[fn] / 100}, sum by (${groups}) (rate(${suffixed('_bucket')}${RATE})))`;
    }
    default:
      return null;
  }
}

/** A count of points. With a flag it is the flag's own counter, without it the rest. */
function counted(line: ScopedLine, count: (selected: Selected) => string): string | null {
  const flags = Object.entries(line.where).filter(([, wanted]) => typeof wanted === 'boolean');
  const where = Object.fromEntries(
    Object.entries(line.where).filter(([, wanted]) => typeof wanted !== 'boolean'),
  );
  const points = pointsOf(line.series);
  const all = points === undefined ? null : select({ ...line, where }, points);
  if (all === null || flags.length > 1) return null;
  const [flag] = flags;
  const finish = (text: string): string =>
    line.agg.fn === 'count' && line.scale === 1 ? whole(text) : scaled(text, line.scale);
  if (flag === undefined) return finish(count(all));
  const tally = metricsOf(line.series).find(({ column }) => column === flag[0]);
  // A state has no count of the points in which it was true.
  const flagged = tally?.does !== 'tally' ? null : select({ ...line, where }, tally);
  if (flagged === null) return null;
  if (flag[1] === true) return finish(count(flagged));
  return finish(`(${count(all)} - (${count(flagged)} or ${count(all)} * 0))`);
}

/**
 * A whole number: Prometheus extrapolates the growth of a counter to the ends of the range, and counts parts
 * of blocks.
 */
function whole(text: string): string {
  return `round(${text})`;
}

/** The counter of a series' points. */
function pointsOf(series: SeriesName): Metric | undefined {
  return metricsOf(series).find(({ column, does }) => column === null && does === 'add');
}

/** Whether counting this column counts points: each point of an event has its anchor. */
function isCountedBy(series: SeriesName, column: string): boolean {
  return seriesOf(series).anchors.includes(column) || splitOf(series) === column;
}

/** A metric with a line's conditions; null if it lacks a label for one of them. */
function select({ where, by, of }: Pick<ScopedLine, 'where' | 'by' | 'of'>, metric: Metric): Selected | null {
  if (!by.every((tag) => metric.labels.includes(tag))) return null;
  const matchers: string[] = [];
  for (const [name, wanted] of Object.entries(where)) {
    if (!metric.labels.includes(name)) return null;
    matchers.push(matcher(name, wanted));
  }
  return { metric, matchers, scope: of };
}

function matcher(name: string, wanted: Wanted): string {
  if (typeof wanted !== 'object') return `${name}=${JSON.stringify(String(wanted))}`;
  if ('not' in wanted) return `${name}!=${JSON.stringify(wanted.not)}`;
  return `${name}=~${JSON.stringify(wanted.join('|'))}`;
}

function selector({ metric, matchers, scope }: Selected): string {
  const fixed = Object.entries(metric.fixed).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${metric.name}{${[...chosen(scope), ...fixed, ...matchers].join(', ')}}`;
}

function scaled(text: string, scale: number): string {
  const factor = Number(scale.toPrecision(12));
  if (factor === 1) return text;
  return text.includes(' / ') && !text.startsWith('(') ? `(${text}) * ${factor}` : `${text} * ${factor}`;
}
