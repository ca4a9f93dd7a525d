import type { SCHEMA, SeriesName } from '../metrics/schema';
import type { Aggregate, AggregateName } from '../query/model';

/** What panels are grouped by: one dashboard of Grafana each. */
export const THEMES = {
  chain: 'Chain',
  mempool: 'Mempool',
  fees: 'Fees',
  transactions: 'Transactions',
  propagation: 'Propagation',
  traffic: 'Traffic',
  peers: 'Peers',
  health: 'The monitor',
} as const;

/** Name of a theme. */
export type ThemeName = keyof typeof THEMES;

/** What the values of a panel are, for whoever writes an axis. Sizes in bytes, amounts in satoshi, durations in milliseconds. */
export type Unit =
  'count' | 'bytes' | 'bytes/s' | 'sat' | 'sat/vB' | 'ms' | 'per minute' | 'percent' | 'height' | 'vB';

/**
 * How a panel is drawn: lines over time, areas on top of each other, bars for what counts in a bucket of its own, points for
 * single events, a table of groups over the whole range.
 */
export type Plot = 'lines' | 'stacked' | 'bars' | 'points' | 'table';

type Columns<S extends SeriesName> = keyof (typeof SCHEMA)[S]['columns'] & string;
type Tags<S extends SeriesName> = ('node' | 'network' | keyof (typeof SCHEMA)[S]['tags']) & string;

/** A value that a tag or column is compared with; a list means any of them, `not` none of them. */
export type Wanted = string | number | boolean | readonly string[] | { readonly not: string };

/** One line of a panel, or with `by` one for each group: an aggregate of a series in each bucket. */
export interface PanelLine {
  /** What the legend says, before the values of `by`. Unique within the panel. */
  readonly label: string;
  readonly series: SeriesName;
  readonly agg: Aggregate;
  /** Tags alone: InfluxQL groups by nothing else. */
  readonly by: readonly string[];
  readonly where: Readonly<Record<string, Wanted>>;
  /** What the aggregate is multiplied by: 60 makes a rate one a minute. */
  readonly scale: number;
}

/** A panel: a named question about one range of time, drawn the same by Grafana, the page and the command line. */
export interface Panel {
  /** As in `btcdmon-node query @mempool-size`: lower case, digits and dashes. */
  readonly name: string;
  readonly title: string;
  readonly theme: ThemeName;
  /** Whole sentences: what it shows, and what to think of it. */
  readonly help: string;
  readonly unit: Unit;
  readonly plot: Plot;
  /** The shortest bucket in seconds: that of the series, or an hour for what is asked by the hour. Null: no buckets, one row a group. */
  readonly shortestBucketS: number | null;
  /** How far it looks back where nobody says: `1h`, `1d`. */
  readonly since: string;
  readonly lines: readonly PanelLine[];
}

/** What a line may be told beside its aggregate. */
export interface LineOptions<S extends SeriesName> {
  readonly by?: readonly Tags<S>[];
  readonly where?: Readonly<Partial<Record<Columns<S> | Tags<S>, Wanted>>>;
  readonly scale?: number;
}

/** A line whose names the compiler checks against the schema. */
export function line<S extends SeriesName>(
  label: string,
  series: S,
  fn: AggregateName,
  column: Columns<S> | null,
  { by = [], where, scale = 1 }: LineOptions<S> = {},
): PanelLine {
  return {
    label,
    series,
    agg: { fn, column },
    by,
    where: (where ?? {}) as Readonly<Record<string, Wanted>>,
    scale,
  };
}
