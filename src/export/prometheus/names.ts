import { COUNTED_COMMANDS } from '../../wire/commands';
import { COMMON_TAGS, type SeriesName, seriesOf } from '../../metrics/schema';
import type { Column } from '../../metrics/schema-types';

/** The metric of one column. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The column that feeds it; null for the number of points, and for the time of the last point. */
  readonly column: string | null;
  /**
   * What a value does to the metric: `add` adds it, `follow` adds the growth of a total since the start of a
   * run, `set` sets a gauge, `observe` puts it into a histogram, `tally` counts values that are true, and
   * `stamp` sets the time of the point.
   */
  readonly does: 'add' | 'follow' | 'set' | 'observe' | 'tally' | 'stamp';
  /** Factor of the values: Prometheus wants seconds and ratios. */
  readonly scale: number;
  /** Names of its labels. */
  readonly labels: readonly string[];
  /**
   * A label with the same value for all values of this column, like the command of a count of messages.
   */
  readonly fixed: Readonly<Record<string, string>>;
}

/** Prometheus's suffix and factor of each unit that has one; for other units the column's name is enough. */
const UNITS: Readonly<Record<string, { readonly suffix: string; readonly scale: number }>> = {
  bytes: { suffix: 'bytes', scale: 1 },
  ms: { suffix: 'seconds', scale: 1e-3 },
  s: { suffix: 'seconds', scale: 1 },
  '%': { suffix: 'ratio', scale: 1e-2 },
  sat: { suffix: 'satoshis', scale: 1 },
  WU: { suffix: 'weight_units', scale: 1 },
  vB: { suffix: 'vbytes', scale: 1 },
  points: { suffix: 'points', scale: 1 },
  batches: { suffix: 'batches', scale: 1 },
};

/** Facts of these units have a useful sum, like the bytes of all transactions. Heights do not. */
const SUMMABLE = new Set(['bytes', 'sat', 'WU', 'vB', 'inputs', 'outputs', 'transactions']);

/** Facts of these units have a useful last value: a height, a time. */
const LASTING = new Set(['blocks', 's']);

/** Facts of these columns have a useful sum as well: blocks that left the best chain. */
const ADDED: Partial<Record<SeriesName, string>> = { reorgs: 'depth', peer_sessions: 'duration' };

/** Facts that can be negative: no sum must fall, so these are gauges of the last. */
const SIGNED: Partial<Record<SeriesName, readonly string[]>> = {
  btcd_lag: ['lag', 'announce_lag'],
  block_templates: ['since_parent', 'time_ahead'],
  replacements: ['extra_fee'],
};

/**
 * Series without metrics. Their points are about one of many peers or nodes. Each would need a label, and no
 * label may have values that strangers choose.
 */
const WITHOUT: ReadonlySet<SeriesName> = new Set(['node_peers', 'nodes']);

/**
 * Series with a metric of the last point's time. A counter can't show how long ago a block came: one that
 * stands still looks like one that Prometheus has not scraped for long.
 */
const STAMPED: ReadonlySet<SeriesName> = new Set(['blocks']);

/** Text columns with a fixed list of values. The count of points is split by them. */
const SPLIT_BY: Partial<Record<SeriesName, string>> = { processed_blocks: 'status' };

/**
 * The metrics of a series by Prometheus's conventions (prometheus.io/docs/practices/naming): counts become
 * counters, states gauges, durations of events histograms, sizes and amounts of events counters of their sum,
 * flags of events counters of their occurrence, flags that are states gauges of 0 and 1, heights gauges of
 * the last; each event counts in `…_points_total`, and the last block has its time. Other facts of single
 * events are left out; so are texts, and totals that are the sum over a label. The columns for commands
 * become one metric with the label `command`.
 */
export function metricsOf(series: SeriesName): readonly Metric[] {
  if (WITHOUT.has(series)) return [];
  const { columns, tags, help } = seriesOf(series);
  const labels = [...Object.keys(COMMON_TAGS), ...Object.keys(tags)];
  const metrics: Metric[] = [];
  if (series !== 'btcdmon' && Object.values(columns).some(({ kind }) => kind === 'fact')) {
    const split = SPLIT_BY[series];
    metrics.push({
      name: nameOf(series, 'points', undefined, true),
      help: `Points with facts of the series ${series}: ${help}`,
      type: 'counter',
      column: null,
      does: 'add',
      scale: 1,
      labels: split === undefined ? labels : [...labels, split],
      fixed: {},
    });
    if (STAMPED.has(series))
      metrics.push({
        name: nameOf(series, 'last_point', 'seconds', false),
        help: `Unix time of the last point of the series ${series}`,
        type: 'gauge',
        column: null,
        does: 'stamp',
        scale: 1e-9,
        labels,
        fixed: {},
      });
  }
  const isByCommand = COUNTED_COMMANDS.every((command) => command in columns);
  for (const [name, column] of Object.entries(columns)) {
    const base = metricOf(series, name, column, labels);
    if (base === null) continue;
    const isCommand = isByCommand && (COUNTED_COMMANDS as readonly string[]).includes(name);
    metrics.push(isCommand ? byCommand(series, base, name, column) : base);
  }
  return metrics;
}

/** The text column that the count of a series' points is split by, if any. */
export function splitOf(series: SeriesName): string | undefined {
  return SPLIT_BY[series];
}

function metricOf(
  series: SeriesName,
  column: string,
  { type, kind, unit, help }: Column,
  labels: readonly string[],
): Metric | null {
  const scale = UNITS[unit]?.scale ?? 1;
  const shared = { help, column, scale, labels, fixed: {} };
  const counter = (does: Metric['does']): Metric => {
    const name = nameOf(series, column, UNITS[unit]?.suffix, true);
    return { ...shared, name, type: 'counter', does };
  };
  const other = (which: 'gauge' | 'histogram', does: Metric['does']): Metric => {
    const name = nameOf(series, column, UNITS[unit]?.suffix, false);
    return { ...shared, name, type: which, does };
  };
  if (type === 'string' || (kind === 'count' && column.startsWith('total_'))) return null;
  if (type === 'bool') return kind === 'gauge' ? other('gauge', 'set') : counter('tally');
  switch (kind) {
    case 'count':
      return counter('add');
    case 'counter':
      return counter('follow');
    case 'gauge':
      return other('gauge', 'set');
    case 'fact':
      if (SIGNED[series]?.includes(column) === true) return other('gauge', 'set');
      if (unit === 'ms') return other('histogram', 'observe');
      if (SUMMABLE.has(unit) || ADDED[series] === column) return counter('add');
      return LASTING.has(unit) ? other('gauge', 'set') : null;
  }
}

function byCommand(series: SeriesName, metric: Metric, command: string, { unit }: Column): Metric {
  return {
    ...metric,
    name: nameOf(series, '', UNITS[unit]?.suffix, true),
    help: seriesOf(series).help,
    labels: [...metric.labels, 'command'],
    fixed: { command },
  };
}

/** `btcdmon_series_column_unit_total`, without repeated words. */
function nameOf(series: SeriesName, column: string, unit: string | undefined, isCounter: boolean): string {
  const words = [...(series === 'btcdmon' ? [] : series.split('_'))];
  const own = column.split('_').filter((word) => word !== '' && word !== unit);
  // The series `tx` has a column `tx_size`.
  if (own[0] === words.at(-1)) own.shift();
  words.push(...own);
  if (unit?.startsWith(`${words.at(-1) ?? ''}_`) === true) words.pop();
  if (unit !== undefined && words.at(-1) !== unit) words.push(unit);
  return ['btcdmon', ...words, ...(isCounter ? ['total'] : [])].join('_');
}
