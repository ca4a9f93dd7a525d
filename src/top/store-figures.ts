import type { LiveBlock } from '../live/live';
import type { ClockStep, ExporterRow, MempoolFigures, NodeSeen, PeerGauges } from './data';
import { type StorePoint, groupByNode, numberOf } from './points';
import { nameOf } from './text';

const MINUTE_MS = 60_000;

/** A node counts as silent after this many of its usual intervals. */
const PATIENCE = 2;

/** The last point of each node. */
export function newestOf(points: readonly StorePoint[]): readonly StorePoint[] {
  return groupByNode(points).map(({ last }) => last);
}

/** The interval of the points, for the node with the shortest one. */
export function intervalOf(points: readonly StorePoint[]): number | null {
  let least: number | null = null;
  for (const { first, last, all } of groupByNode(points)) {
    if (first === last) continue;
    const ms = Number(last.time - first.time) / 1e6 / (all.length - 1);
    least = Math.min(least ?? ms, ms);
  }
  return least;
}

/** The nodes of the last hour, from the minutes in which they wrote points. */
export function nodesOf(minutes: readonly StorePoint[], newest: bigint): readonly NodeSeen[] {
  return groupByNode(minutes)
    .map(({ first, last, all }) => {
      const silentMs = Math.max(0, Number(newest - last.time) / 1e6 - MINUTE_MS);
      const usualMs = (Number(last.time - first.time) / 1e6 + MINUTE_MS) / all.length;
      const { node, network } = last;
      return { node, network, silentMs: silentMs > PATIENCE * usualMs ? silentMs : 0 };
    })
    .sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

/**
 * The relay view of the node with the most transactions; the counts of the window are added over all nodes.
 */
export function mempoolOf(points: readonly StorePoint[]): MempoolFigures | null {
  const gauge = ({ values }: StorePoint, name: string): number => numberOf(values[name]) ?? 0;
  const [fullest] = [...newestOf(points)].sort((a, b) => gauge(b, 'num_tx') - gauge(a, 'num_tx'));
  if (fullest === undefined) return null;
  const sum = (name: string): number => points.reduce((total, point) => total + gauge(point, name), 0);
  return {
    transactions: gauge(fullest, 'num_tx'),
    bytes: gauge(fullest, 'size'),
    orphans: gauge(fullest, 'num_orphans'),
    conflicts: sum('double_spend'),
    heldBack: sum('tx_rate_limit'),
  };
}

/** Numbers of peers from the newest gauges of each node. */
export function gaugesOf(newest: readonly StorePoint[]): PeerGauges | null {
  if (newest.length === 0) return null;
  const sum = (name: string): number =>
    newest.reduce((total, { values }) => total + (numberOf(values[name]) ?? 0), 0);
  return {
    total: sum('total_connected'),
    outbound: sum('outbound'),
    inbound: sum('inbound'),
    banned: sum('num_banned'),
    known: newest.some(({ values }) => values['num_addrs'] !== null) ? sum('num_addrs') : null,
  };
}

/** The exporters of each node, from its own accounts within the window. */
export function exporterRows(accounts: readonly StorePoint[]): readonly ExporterRow[] {
  const named = accounts.filter(({ values }) => (values['exporter'] ?? '') !== '');
  return groupByNode(named, ({ values }) => values['exporter']).map(({ last, all }) => {
    const count = (name: string): number => numberOf(last.values[name]) ?? 0;
    const spooled = numberOf(last.values['spooled']);
    const damaged = numberOf(last.values['damaged']);
    return {
      node: last.node,
      name: String(last.values['exporter']),
      ...{ sent: count('sent'), acked: count('acked'), dropped: count('dropped') },
      ...{ queued: count('queued'), retried: count('retried') },
      ...(spooled === null ? {} : { spooled }),
      ...(damaged === null ? {} : { damaged }),
      droppedNow: count('dropped') - droppedBefore(all, last),
    };
  });
}

/** How many points the same run had dropped at the start of the window. */
function droppedBefore(own: readonly StorePoint[], last: StorePoint): number {
  const sameRun = own.filter(({ values }) => values['started'] === last.values['started']);
  // A run that began within the window had dropped nothing before it.
  if (sameRun.length < own.length) return 0;
  return numberOf(sameRun[0]?.values['dropped']) ?? 0;
}

/** The last step of a clock that is not older than `since`, from the points that tell of steps. */
export function clockStepOf(told: readonly StorePoint[], since: bigint): ClockStep | null {
  // The point of a step back has the time after the step, and older points may have later times. So the step
  // counts at the time that the clock showed before it.
  const wallNs = ({ time, values }: StorePoint): bigint => {
    const ms = numberOf(values['clock_step']) ?? 0;
    return ms < 0 ? time + BigInt(-ms) * 1_000_000n : time;
  };
  const nth = ({ values }: StorePoint): number =>
    (numberOf(values['started']) ?? 0) * 1_000 + (numberOf(values['clock_steps']) ?? 0);
  let found: ClockStep | null = null;
  let foundNs = since - 1n;
  for (const { all } of groupByNode(told.filter((point) => wallNs(point) >= since))) {
    const last = all.reduce((latest, point) => (nth(point) >= nth(latest) ? point : latest));
    if (wallNs(last) <= foundNs) continue;
    foundNs = wallNs(last);
    found = {
      node: nameOf(last),
      timeMs: Number(last.time / 1_000_000n),
      ms: numberOf(last.values['clock_step']) ?? 0,
      steps: all.length,
    };
  }
  return found;
}

/** A point of `processed_blocks` as a running node has it. */
export function blockRow({ time, values }: StorePoint): LiveBlock {
  return {
    timeMs: Number(time / 1_000_000n),
    sha: String(values['sha'] ?? ''),
    height: numberOf(values['height']),
    status: String(values['status'] ?? ''),
    size: numberOf(values['size']) ?? 0,
    numTx: numberOf(values['num_tx']) ?? 0,
    totalFees: numberOf(values['total_tx_fees']),
    processMs: numberOf(values['process_time']),
    firstFrom: null,
  };
}
