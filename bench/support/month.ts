// Fills an embedded store with days of a mainnet node's points. SQL makes them: every series at its own rate,
// with values spread like real ones. The points of each interval are complete. The number of transactions
// follows from the number of points that was asked for.

import type { DuckDBConnection } from '@duckdb/node-api';
import { SERIES_NAMES, type SeriesName, columnNames, seriesOf, tagNames } from '#dist/metrics/schema';

const DAY_NS = 86_400_000_000_000n;
const INTERVALS = 17_280;
/** When the points end. */
export const END_NS = BigInt(Date.UTC(2026, 5, 1, 12, 34, 56)) * 1_000_000n;

/** Points a day of the series with events other than transactions. */
const EVENTS: Partial<Record<SeriesName, number>> = {
  blocks: 144,
  processed_blocks: 160,
  compact_blocks: 150,
  reorgs: 1,
  ping: 5_760,
  double_spends: 1_500,
  replacements: 1_200,
  block_templates: 144,
  // Three for each block.
  fee_error: 432,
  // Of a watched node: a list of 125 peers and 4 tips each minute.
  node_peers: 125 * 1_440,
  chain_tips: 4 * 1_440,
  peer_sessions: 2_000,
  session_messages: 2_000,
  // Off by default.
  arrivals: 10_000,
  watch_gaps: 3,
};
/** Points of each series for one transaction. */
const PER_TX: Partial<Record<SeriesName, number>> = {
  tx: 1,
  tx_inputs: 2.4,
  tx_outputs: 2.6,
  tx_fees: 0.7,
  propagation: 0.6,
};
const HANDSHAKES = 400;
const REASONS = ['checksum', 'unknown-command', 'too-many-addr', 'stall', 'idle', 'handshake'];
const SCRIPTS = [
  'witness_v0_keyhash',
  'witness_v1_taproot',
  'pubkeyhash',
  'scripthash',
  'witness_v0_scripthash',
  'nulldata',
];
const POOLS = ['AntPool', 'F2Pool', 'Foundry USA', 'ViaBTC', 'unknown'];
const TIPS = ['active', 'valid-fork', 'valid-fork', 'invalid'];
const STATUS = ['accepted', 'accepted', 'accepted', 'accepted', 'duplicate', 'side_chain', 'unrequested'];

/** SQL for a number in [0, 1) that depends on the row and on a name. */
const u = (name: string): string => `((hash(i, '${name}') % 1000003) / 1000003.0)`;
const pick = (list: readonly string[], name: string): string =>
  `(['${list.join("','")}'])[1 + (hash(i, '${name}') % ${list.length})::INT]`;
/** SQL for numbers around `middle`, some of them very large, like amounts, sizes and delays. */
const spread = (name: string, middle: number, width: number): string =>
  `${middle} * exp(${width} * (${u(name)} + ${u(`${name}2`)} + ${u(`${name}3`)} - 1.5))`;

const SPECIAL: Readonly<Record<string, string>> = {
  'tx.vsize': spread('size', 160, 3),
  'tx.tx_size': spread('size', 250, 3),
  'tx.weight': spread('size', 640, 3),
  'tx_outputs.value': spread('value', 900_000, 8),
  'tx_outputs.is_dust': `${u('dust')} < 0.004`,
  'tx_fees.tx_fee': `(${spread('fee', 700, 4)})::BIGINT // 10 * 10`,
  'tx_fees.fee_rate': spread('rate', 3, 3),
  'blocks.best_height': '900000 + i',
  'processed_blocks.status': pick(STATUS, 'status'),
  'processed_blocks.total_tx_fees': spread('fees', 4_000_000, 1),
  'btcdmon.started': '1700000000000',
};

/**
 * The columns of points that have not all columns of their series: those with a tag (`series.tag`) and those
 * without one (`series.`).
 */
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  'peers.': columnNames('peers').filter(
    (name) => !['version', 'services', 'start_height', 'relay'].includes(name),
  ),
  'btcdmon.': ['started', 'loop_lag_p99', 'rss', 'cpu', 'fees_known'],
  'btcdmon.series': ['started', 'emitted'],
  'btcdmon.exporter': ['started', 'sent', 'acked', 'dropped', 'queued', 'retried', 'spooled'],
  'peer_sessions.': columnNames('peer_sessions').filter((name) => name !== 'merged'),
  'peers.user_agent': ['version', 'services', 'start_height', 'relay'],
  'rejects.': ['total_violations', 'total_disconnects'],
  'rejects.reason': ['violations', 'disconnects'],
};

function valueOf(series: SeriesName, name: string, day: number): string {
  const special = SPECIAL[`${series}.${name}`];
  const column = seriesOf(series).columns[name];
  if (column === undefined) throw new Error(`${series} has no column ${name}`);
  const { type, kind } = column;
  if (special !== undefined) return type === 'int' ? `(${special})::BIGINT` : special;
  if (type === 'bool') return `${u(name)} < 0.97`;
  if (type === 'string')
    return name === 'sha' || /tip|_id|with/.test(name)
      ? `sha256(concat(${day}, ' ', i))`
      : `concat('10.0.0.', hash(i) % 12)`;
  // The node restarts every five days.
  if (kind === 'counter') return `((${day % 5} * ${INTERVALS} + i) * 20 + hash(i) % 20)::BIGINT`;
  if (kind === 'count')
    return `CASE WHEN ${u(name)} < 0.3 THEN (hash(i, '${name}c') % 40)::BIGINT ELSE 0 END`;
  if (kind === 'gauge')
    return type === 'int'
      ? `(5000 + 3000 * sin(i / 3000.0) + hash(i, '${name}') % 50)::BIGINT`
      : `${u(name)} * 100`;
  return type === 'int' ? `(${spread(name, 40, 3)})::BIGINT` : spread(name, 30, 4);
}

/**
 * The statement for one day of a series: `rows` points with these tags, at even intervals with a random
 * deviation.
 */
function insertSql(
  series: SeriesName,
  day: number,
  rows: number,
  tags: Readonly<Record<string, string>> = {},
  shift = 0,
): string {
  const about = ABOUT[`${series}.${Object.keys(tags)[0] ?? ''}`];
  const step = DAY_NS / BigInt(rows);
  const names = columnNames(series).filter((name) => about === undefined || about.includes(name));
  const columns = names.map((name) => `${valueOf(series, name, day)} AS "${name}"`);
  const values: Readonly<Record<string, string>> = { node: `'bench'`, network: `'mainnet'`, ...tags };
  const from = END_NS - BigInt(day + 1) * DAY_NS;
  return `INSERT INTO "${series}" BY NAME SELECT
    make_timestamp_ns(${from} + i * ${step} + ${shift} + (hash(i, ${day}) % ${step > 2_000_000n ? step / 2n : 1n})::BIGINT) AS "time",
    ${tagNames(series)
      .map((tag) => `${values[tag] ?? `''`} AS "${tag}"`)
      .join(', ')}, ${columns.join(', ')} FROM range(${rows}) t(i)`;
}

/** Tags of points that always have one. */
const TAGS: Partial<Record<SeriesName, Readonly<Record<string, string>>>> = {
  chain_tips: { status: pick(TIPS, 'tip') },
  btcd_lag: { kind: `CASE WHEN i % 120 = 0 THEN 'block' ELSE 'tx' END` },
  watch_gaps: { source: `'rpc'` },
  arrivals: { kind: `CASE WHEN i % 20 = 0 THEN 'block' ELSE 'tx' END` },
  peer_labels: { label: `'spies'` },
  block_templates: { pool: pick(POOLS, 'pool') },
  fee_error: { blocks: pick(['1', '3', '6'], 'blocks') },
};

/** The statements that make a day of each series, `day` days before the end. */
function* daySql(day: number, txs: number): Generator<string> {
  for (const series of SERIES_NAMES) {
    const perTx = PER_TX[series];
    if (perTx !== undefined) {
      const tags: Partial<Record<SeriesName, Record<string, string>>> = {
        tx_outputs: { script_type: pick(SCRIPTS, 'script') },
        propagation: { kind: `CASE WHEN i % 300 = 0 THEN 'block' ELSE 'tx' END` },
      };
      yield insertSql(series, day, Math.round(txs * perTx), tags[series]);
    } else yield insertSql(series, day, EVENTS[series] ?? INTERVALS, TAGS[series]);
    if (series === 'peers')
      yield insertSql(
        series,
        day,
        HANDSHAKES,
        { user_agent: `concat('/Satoshi:', 20 + hash(i) % 12, '.0.0/')` },
        1,
      );
    if (series === 'rejects') yield insertSql(series, day, 200, { reason: pick(REASONS, 'reason') }, 1);
    if (series === 'btcdmon') {
      for (const [index, name] of SERIES_NAMES.entries())
        yield insertSql(series, day, INTERVALS, { series: `'${name}'` }, 10 + index);
      yield insertSql(series, day, INTERVALS, { exporter: `'duckdb'` }, 5);
    }
  }
}

/** Fills a new store. Returns the number of points, and of transactions a second. */
export async function fillMonth(
  connection: DuckDBConnection,
  days: number,
  points: number,
): Promise<{ readonly points: number; readonly txPerSecond: number }> {
  const others = Object.values(EVENTS).reduce((sum, rows) => sum + rows, HANDSHAKES + 200);
  const perInterval = SERIES_NAMES.filter(
    (name) => PER_TX[name] === undefined && EVENTS[name] === undefined,
  ).length;
  const fixed = others + INTERVALS * (perInterval + SERIES_NAMES.length + 1);
  const perTx = Object.values(PER_TX).reduce((sum, rows) => sum + rows, 0);
  const txs = Math.max(1_000, (points / days - fixed) / perTx);
  for (let day = days - 1; day >= 0; day--) for (const sql of daySql(day, txs)) await connection.run(sql);
  await connection.run('CHECKPOINT');
  let count = 0;
  for (const series of SERIES_NAMES)
    count += Number((await connection.runAndReadAll(`SELECT count(*) FROM "${series}"`)).getRows()[0]?.[0]);
  return { points: count, txPerSecond: txs / 86_400 };
}
