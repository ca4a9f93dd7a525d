import { randomBytes } from 'node:crypto';
import { SERIES_NAMES, type SeriesName, seriesOf } from '#dist/metrics/schema';
import type { Point } from '#dist/metrics/point';

const HOUR_SECONDS = 3_600;
const PEERS = 8;

/** Series with a point for each event. All other series have a point for each interval. */
const PER_EVENT: ReadonlySet<SeriesName> = new Set([
  ...(['tx', 'tx_inputs', 'tx_outputs', 'tx_fees', 'propagation', 'ping', 'blocks'] as const),
  // These events are so rare that no points are generated.
  ...(['processed_blocks', 'block_templates', 'reorgs', 'double_spends'] as const),
  ...(['replacements', 'fee_error'] as const),
]);
/** Those without a whole number have no generated values: `watch_gaps`. */
const PER_INTERVAL = SERIES_NAMES.filter(
  (name) =>
    !PER_EVENT.has(name) &&
    name !== 'btcdmon' &&
    Object.values(seriesOf(name).columns).some(({ type }) => type === 'int'),
);

const SCRIPT_TYPES = [
  'witness_v0_keyhash',
  'witness_v1_taproot',
  'pubkeyhash',
  'scripthash',
  'witness_v0_scripthash',
  'nulldata',
];

/** The traffic of a node. */
export interface Traffic {
  /** Transactions a second, and the mean numbers of their inputs and outputs. */
  readonly txRate: number;
  readonly inputs: number;
  readonly outputs: number;
  /** The length of an interval in seconds. */
  readonly interval: number;
}

/** A random whole number from 0 to `limit` - 1. */
function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}

/** A random number that is evenly distributed on a logarithmic scale, like values of outputs and fees. */
function magnitude(least: number, most: number): number {
  return Math.round(least * (most / least) ** Math.random());
}

/** A random whole number: one of the two next to `mean`, such that many of them have this mean. */
function around(mean: number): number {
  return Math.floor(mean) + (Math.random() < mean % 1 ? 1 : 0);
}

/** A point without its time. */
type Untimed = Omit<Point, 'time'>;
type Tags = Point['tags'];

/** Generates the points of one node. */
class NodePoints {
  private readonly common: Tags;
  private readonly ofTransactions: Tags;
  private readonly ofOutputs: readonly Tags[];
  private readonly accounts: readonly Tags[];
  private readonly counters = new Map<string, number>();

  constructor(
    node: string,
    private readonly traffic: Traffic,
  ) {
    this.common = { node, network: 'mainnet' };
    this.ofTransactions = { ...this.common, kind: 'tx' };
    this.ofOutputs = SCRIPT_TYPES.map((script_type) => ({ ...this.common, script_type }));
    this.accounts = SERIES_NAMES.map((series) => ({ ...this.common, series }));
  }

  /** The points of a transaction. */
  *transaction(): Generator<Untimed> {
    const { common: tags } = this;
    const ins = Math.max(1, around(this.traffic.inputs));
    const outs = Math.max(1, around(this.traffic.outputs));
    const size = magnitude(190, 900);
    const shape = { version_num: 2, tx_size: size, num_inputs: ins, num_outputs: outs, weight: size * 3 };
    const more = { vsize: Math.ceil(size * 0.75), num_op_return_outs: below(2), is_standard: true };
    yield { series: 'tx', tags, fields: { ...shape, ...more, sha: randomBytes(32).toString('hex') } };
    for (let i = 0; i < ins; i++) {
      const input = { sig_script_len: 0, witness_size: 66 + below(42), sequence_num: 4_294_967_293 };
      yield { series: 'tx_inputs', tags, fields: { ...input, is_standard: true } };
    }
    for (let i = 0; i < outs; i++) {
      const output = { size: 22 + below(13), value: magnitude(600, 1e9), is_standard: true, is_dust: false };
      yield {
        series: 'tx_outputs',
        tags: this.ofOutputs[below(SCRIPT_TYPES.length)] ?? tags,
        fields: output,
      };
    }
    const fee = magnitude(100, 20_000);
    const rates = { min_fee: size, fee_ratio: fee / size, fee_rate: fee / size };
    if (Math.random() < 0.5)
      yield { series: 'tx_fees', tags, fields: { tx_fee: fee, tx_size: size, ...rates } };
    yield { series: 'propagation', tags: this.ofTransactions, fields: propagation() };
  }

  /** The points of all events except transactions in one second of the hour. */
  *events(second: number): Generator<Untimed> {
    const { common: tags } = this;
    if (second % 600 === 0) {
      const size = { size: 1_500_000 + below(300_000), num_tx: 3_000 + below(2_000) };
      const place = { best_height: 925_000, median_time: 1_790_000_000 };
      yield { series: 'blocks', tags, fields: { ...size, ...place, sha: randomBytes(32).toString('hex') } };
    }
    if (second % 120 < PEERS) yield { series: 'ping', tags, fields: { rtt: Math.random() * 200 } };
  }

  /** The points of one interval. */
  *interval(second: number): Generator<Untimed> {
    const started = 1_790_000_000_000;
    for (const series of PER_INTERVAL) yield { series, tags: this.common, fields: this.gauges(series) };
    const program = { loop_lag_p99: Math.random() * 20, rss: 1.5e8 + below(1e6), cpu: Math.random() * 20 };
    const fields = { started, ...program, fees_known: 50 + Math.random() };
    yield { series: 'btcdmon', tags: this.common, fields };
    for (const tags of this.accounts)
      yield { series: 'btcdmon', tags, fields: { started, emitted: second * 60 + below(60) } };
  }

  /**
   * Values for the integer columns of a series. Counters grow, gauges are random, and four in five of the
   * other columns are 0.
   */
  private gauges(series: SeriesName): Point['fields'] {
    const fields: Record<string, number> = {};
    for (const [name, { kind, type }] of Object.entries(seriesOf(series).columns)) {
      if (type !== 'int') continue;
      const key = series + name;
      const grown = (this.counters.get(key) ?? 0) + below(100_000);
      if (kind === 'counter') this.counters.set(key, grown);
      const share = kind === 'gauge' ? 1 : 0.2;
      fields[name] = kind === 'counter' ? grown : Math.random() < share ? below(1_000) : 0;
    }
    return fields;
  }
}

function propagation(): Point['fields'] {
  const delay = (): number => Math.round(Math.random() * 5e6) / 1e3;
  return {
    first_peer: `198.51.100.${below(200)}:8333`,
    peers: PEERS,
    delay_2nd: delay(),
    delay_p50: delay(),
    delay_p90: delay(),
    delay_received: delay(),
    delay_processed: delay(),
  };
}

/** An hour of points of one node, ordered by time. */
export function* hourOf(node: string, startNs: bigint, traffic: Traffic): Generator<Point, undefined> {
  const points = new NodePoints(node, traffic);
  for (let second = 0; second < HOUR_SECONDS; second++) {
    let time = startNs + BigInt(second) * 1_000_000_000n;
    for (const point of pointsOf(points, second, traffic)) {
      time += 1_000n + BigInt(below(1_000));
      yield { ...point, time };
    }
  }
  return undefined;
}

function* pointsOf(points: NodePoints, second: number, traffic: Traffic): Generator<Untimed> {
  for (let left = around(traffic.txRate); left > 0; left--) yield* points.transaction();
  yield* points.events(second);
  if (second % traffic.interval === 0) yield* points.interval(second);
}
