import type { SCHEMA, SeriesName } from '../metrics/schema';
import type { Aggregate, AggregateName } from '../query/model';

/** Groups of panels; each is one dashboard in Grafana. */
export const THEMES = {
  node: 'Node',
  chain: 'Chain',
  mempool: 'Mempool',
  fees: 'Fees',
  transactions: 'Transactions',
  propagation: 'Propagation',
  traffic: 'Traffic',
  peers: 'Peers',
  health: 'The monitor',
} as const;

export type ThemeName = keyof typeof THEMES;

/**
 * Whose points a line shows. Every line shows one node, so that a listener and the node that it watches are
 * never summed: `node` is the one that the user looks at, `watched` a node of `--watch` or `--tap`, and
 * `monitor` a process that writes points.
 */
export type Scope = 'node' | 'watched' | 'monitor';

/** The scopes of themes that are not about the node that the user looks at. */
export const THEME_SCOPES: Readonly<Partial<Record<ThemeName, Scope>>> = {
  node: 'watched',
  health: 'monitor',
};

/**
 * Unit of a panel's values, for the labels of its axis. Sizes are in bytes, amounts in satoshi, durations in
 * milliseconds.
 */
export type Unit =
  'count' | 'bytes' | 'bytes/s' | 'sat' | 'sat/vB' | 'ms' | 'per minute' | 'percent' | 'height' | 'vB';

/**
 * How a panel is drawn: lines over time, stacked areas, bars for counts of a bucket, points for single
 * events, or a table of groups over the whole range.
 */
export type Plot = 'lines' | 'stacked' | 'bars' | 'points' | 'table';

type Columns<S extends SeriesName> = keyof (typeof SCHEMA)[S]['columns'] & string;
type Tags<S extends SeriesName> = ('node' | 'network' | keyof (typeof SCHEMA)[S]['tags']) & string;

/** A value that a tag or column is compared with. A list means any of its values, `not` none of them. */
export type Wanted = string | number | boolean | readonly string[] | { readonly not: string };

/**
 * One line of a panel: an aggregate of a series in each bucket. With `by` there is one line for each group.
 */
export interface PanelLine {
  /** Name in the legend, before the values of `by`. Unique within the panel. */
  readonly label: string;
  readonly series: SeriesName;
  readonly agg: Aggregate;
  /** Only tags, because InfluxQL groups by nothing else. */
  readonly by: readonly string[];
  readonly where: Readonly<Record<string, Wanted>>;
  /** Factor of the aggregate: 60 makes a rate per minute. */
  readonly scale: number;
  /** Which node's points it shows; default: the scope of its theme. */
  readonly of?: Scope | undefined;
}

/**
 * A panel: a named query about one period, drawn in the same way by Grafana, the page and the command line.
 */
export interface Panel {
  /** As in `btcdmon-node query @mempool-size`: lower case, digits and dashes. */
  readonly name: string;
  readonly title: string;
  readonly theme: ThemeName;
  /** Whole sentences: what it shows, and how to interpret it. */
  readonly help: string;
  readonly unit: Unit;
  readonly plot: Plot;
  /**
   * The shortest bucket in seconds: the interval of the series, or an hour for hourly panels. Null: no
   * buckets, one row per group.
   */
  readonly shortestBucketS: number | null;
  /** Default range: `1h`, `1d`. */
  readonly since: string;
  /** Whether its values count whole things. Means are then shown rounded: no 0.83 peers. */
  readonly isWhole?: true;
  /** The least number of connected peers that it needs, where one is not enough. */
  readonly needsPeers?: number;
  readonly lines: readonly PanelLine[];
}

/** Options of a line besides its aggregate. */
export interface LineOptions<S extends SeriesName> {
  readonly by?: readonly Tags<S>[];
  readonly where?: Readonly<Partial<Record<Columns<S> | Tags<S>, Wanted>>>;
  readonly scale?: number;
  readonly of?: Scope;
}

/** Makes a line; the compiler checks its names against the schema. */
export function line<S extends SeriesName>(
  label: string,
  series: S,
  fn: AggregateName,
  column: Columns<S> | null,
  { by = [], where, scale = 1, of }: LineOptions<S> = {},
): PanelLine {
  return {
    label,
    series,
    agg: { fn, column },
    by,
    where: (where ?? {}) as Readonly<Record<string, Wanted>>,
    scale,
    ...(of === undefined ? {} : { of }),
  };
}

/** Whose points a line of a panel shows. */
export function scopeOf({ theme }: Pick<Panel, 'theme'>, { of }: PanelLine): Scope {
  return of ?? THEME_SCOPES[theme] ?? 'node';
}
