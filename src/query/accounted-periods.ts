import { isSeries, type SeriesName } from '../metrics/schema';
import {
  type Snapshot,
  type StepBack,
  type Stepped,
  type Stray,
  readSteps,
  runKey,
  steppedPeriod,
} from './audit-steps';
import type { Row } from './result';
import type { Source } from './source';
import type { Period } from './time';
import { parseWhere } from './where';

/** One run's own accounts of one series in a store, within the requested period. */
export interface AccountedPeriod extends Period {
  readonly node: string;
  readonly network: string;
  readonly series: SeriesName;
  /** When the run started, in milliseconds since the Unix epoch. */
  readonly started: number;
  /** The number of points that it says it emitted in the period. */
  readonly emitted: number;
  /** The accounts in the order of their times, beginning with the start of the period. */
  readonly snapshots: readonly Snapshot[];
  /** How often the clock was set back. If it was, `strays` lists what the accounts do not cover. */
  readonly steps: readonly StepBack[];
  readonly strays: readonly Stray[];
}

/**
 * How far a point's time may be before the start of its run: the clock follows the wall clock within this
 * (clock.ts).
 */
const CLOCK_SLACK_NS = 20_000_000n;

type Growing = Omit<AccountedPeriod, 'since' | 'until' | 'emitted' | 'snapshots' | 'steps' | 'strays'> & {
  readonly snapshots: Snapshot[];
};

/** Reads the accounts of all runs in a period. */
export async function readAccountedPeriods(
  source: Source,
  { since, until }: Period,
): Promise<readonly AccountedPeriod[]> {
  const answer = await source.run({
    series: 'btcdmon',
    since,
    until,
    where: parseWhere('btcdmon', "series != ''"),
    agg: null,
    by: [],
    everyNs: null,
    limit: 0,
  });
  // Before `rawSince` the store has only rollups, which may contain a part of a run. So the accounts are used
  // from there on.
  const { columns, rows, rawSince = since } = answer;
  const places = ['time', 'node', 'network', 'series', 'started', 'emitted'].map((name) =>
    columns.findIndex((column) => column.name === name),
  );
  const runs = new Map<string, Growing>();
  for await (const batch of rows)
    for (const row of batch)
      addSnapshot(
        runs,
        places.map((i) => row[i] ?? null),
        rawSince,
      );
  const steps = await readSteps(source, { since, until });
  return [...runs.values()].map((run) => {
    const back = steps.get(runKey(run.node, run.network, run.started));
    if (back !== undefined) return { ...run, steps: back, ...steppedOf(run, back, rawSince) };
    const first = run.snapshots[0] ?? { time: rawSince, emitted: 0 };
    const last = run.snapshots.at(-1) ?? first;
    const period = { since: first.time, until: last.time };
    return { ...run, ...period, emitted: last.emitted - first.emitted, steps: [], strays: [] };
  });
}

function steppedOf({ snapshots, started }: Growing, steps: readonly StepBack[], since: bigint): Stepped {
  const begun = snapshots[0]?.time === startOf(started) ? snapshots[0] : null;
  return steppedPeriod(begun === null ? snapshots : snapshots.slice(1), { begun, steps, since });
}

/** The earliest time of a run's points, unless its clock was set back. */
function startOf(startedMs: number): bigint {
  return BigInt(startedMs) * 1_000_000n - CLOCK_SLACK_NS;
}

function addSnapshot(runs: Map<string, Growing>, row: Row, since: bigint): void {
  const [time, node, network, series, startedMs, emitted] = row;
  // A newer version may have series that this one does not know.
  if (typeof time !== 'bigint' || typeof series !== 'string' || !isSeries(series)) return;
  // A point that arrived late, after its hour was removed, stays among the points until it is removed too.
  if (time < since) return;
  const key = row.slice(1, 5).join('\0');
  let run = runs.get(key);
  if (run === undefined) {
    const started = Number(startedMs);
    run = { node: String(node), network: String(network), series, started, snapshots: [] };
    runs.set(key, run);
    // If the run started within the period, all of it counts.
    const start = startOf(started);
    if (start >= since) run.snapshots.push({ time: start, emitted: 0 });
  }
  run.snapshots.push({ time, emitted: Number(emitted) });
}

/** Groups the spans of one series and node whose times overlap. */
export function overlapping(
  spans: readonly AccountedPeriod[],
): readonly (readonly [AccountedPeriod, ...AccountedPeriod[]])[] {
  const groups = new Map<string, [AccountedPeriod, ...AccountedPeriod[]][]>();
  for (const span of [...spans].sort((a, b) => (a.since < b.since ? -1 : 1))) {
    const key = [span.node, span.network, span.series].join('\0');
    const before = groups.get(key) ?? [];
    groups.set(key, before);
    const last = before.at(-1);
    if (last?.some(({ until }) => until > span.since) === true) last.push(span);
    else before.push([span]);
  }
  return [...groups.values()].flat();
}

/**
 * Runs that account for other series but not for `btcdmon` itself, although every run accounts for its own
 * points. For each of them this gives an empty span of `btcdmon`. Other missing accounts show in the number
 * of points of `btcdmon`.
 */
export function unaccounted(spans: readonly AccountedPeriod[]): readonly AccountedPeriod[] {
  const runs = new Map<string, AccountedPeriod>();
  const keyOf = ({ node, network, started }: AccountedPeriod): string => [node, network, started].join('\0');
  // The first accounts of a new run may not have arrived yet.
  for (const span of spans) if (span.snapshots.length > 2) runs.set(keyOf(span), span);
  for (const span of spans) if (span.series === 'btcdmon') runs.delete(keyOf(span));
  return [...runs.values()].map((span) => ({ ...span, series: 'btcdmon', snapshots: [] }));
}
