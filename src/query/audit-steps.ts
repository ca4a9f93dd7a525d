import { remainderOf } from '../lib/point-times';
import type { Row } from './result';
import type { Source } from './source';
import type { Period } from './time';
import { parseWhere } from './where';

/** A step back of the system's clock during a run. The first point after the step reports it. */
export interface StepBack {
  readonly time: bigint;
  /** By how many nanoseconds, more than 0. */
  readonly ns: bigint;
}

/** A point of `btcdmon` about a series: how many points were emitted before it. */
export interface Snapshot {
  readonly time: bigint;
  readonly emitted: number;
}

/** Points in a part of a period that no account counts, identified by the remainder of their times. */
export interface Stray extends Period {
  readonly remainder: bigint;
}

/** What the accounts of a run whose clock was set back say about a period. */
export interface Stepped extends Period {
  readonly emitted: number;
  readonly strays: readonly Stray[];
}

/** How long before the period a clock may have been set back into it. */
const LOOK_BACK_NS = 30n * 86_400_000_000_000n;

/**
 * How much later than its next account says a pass may have ended, because a clock is slightly off before it
 * is set.
 */
const SLACK_NS = 1_000_000_000n;

/** Identifies a run. */
export function runKey(node: unknown, network: unknown, started: unknown): string {
  return [node, network, started].map(String).join('\0');
}

/** The steps back of each run, in their order. */
export async function readSteps(
  source: Source,
  { since, until }: Period,
): Promise<ReadonlyMap<string, readonly StepBack[]>> {
  const { columns, rows } = await source.run({
    series: 'btcdmon',
    since: since > LOOK_BACK_NS ? since - LOOK_BACK_NS : 0n,
    until,
    where: parseWhere('btcdmon', 'clock_step < 0'),
    agg: null,
    by: [],
    everyNs: null,
    limit: 0,
  });
  const names = ['time', 'node', 'network', 'started', 'clock_step', 'clock_steps'];
  const places = names.map((name) => columns.findIndex((column) => column.name === name));
  const found: { readonly run: string; readonly nth: number; readonly step: StepBack }[] = [];
  for await (const batch of rows)
    for (const row of batch) {
      const [time, node, network, started, ms, nth] = places.map((i): Row[number] => row[i] ?? null);
      if (typeof time !== 'bigint') continue;
      const step = { time, ns: BigInt(-Number(ms)) * 1_000_000n };
      found.push({ run: runKey(node, network, started), nth: Number(nth), step });
    }
  const steps = new Map<string, StepBack[]>();
  for (const { run, step } of found.sort((a, b) => a.nth - b.nth)) {
    const before = steps.get(run) ?? [];
    steps.set(run, [...before, step]);
  }
  return steps;
}

/** A part of a run in which its clock only went forward. */
interface Pass {
  /** Time of its first point; null for the run's first pass. */
  readonly begin: bigint | null;
  /** A time that none of its points exceeds; null for the last pass. */
  readonly end: bigint | null;
  readonly snapshots: Snapshot[];
}

/**
 * What a run accounts for of one series from `since` on. Passes over the same time are distinguished by the
 * remainders of their times (see SystemClock). An account counts all points emitted before it, also in
 * earlier passes. It can't count the points after the last account, nor, if the run began before `since`, the
 * points before the first one.
 * @param begun the account of nothing at the start of the run, if that is in the period
 */
export function steppedPeriod(
  snapshots: readonly Snapshot[],
  {
    begun,
    steps,
    since,
  }: { readonly begun: Snapshot | null; readonly steps: readonly StepBack[]; readonly since: bigint },
): Stepped {
  const chains = chainsOf(passesOf(snapshots, steps), since);
  const times: bigint[] = snapshots.map(({ time }) => time);
  let emitted = 0;
  const heads: { readonly until: bigint; readonly remainder: bigint }[] = [];
  const strays: Stray[] = [];
  for (const [index, chain] of chains.entries()) {
    const ordered = chain.flatMap((pass) => pass.snapshots).sort((a, b) => a.emitted - b.emitted);
    const isBegun = index === 0 && begun !== null;
    const first = isBegun ? begun : (ordered[0] ?? null);
    const last = ordered.at(-1) ?? first;
    if (first !== null && last !== null) {
      emitted += last.emitted - first.emitted;
      times.push(first.time);
      if (!isBegun) heads.push({ until: first.time, remainder: remainderOf(first.time) });
    }
    for (const { begin } of chain.slice(1)) if (begin !== null) times.push(begin);
    for (const { end } of chain.slice(0, -1)) if (end !== null) times.push(end);
    const tail = chain.at(-1);
    const from = tail?.snapshots.at(-1)?.time ?? tail?.begin;
    if (tail !== undefined && from != null)
      strays.push({ since: from, until: tail.end ?? NEVER, remainder: remainderOf(from) });
  }
  const axis = { since: least(times, since), until: greatest(times, since) };
  return {
    ...axis,
    emitted,
    strays: [...strays, ...heads.map((head) => ({ since: axis.since, ...head }))],
  };
}

/** Later than every point. */
const NEVER = 1n << 62n;

function passesOf(snapshots: readonly Snapshot[], steps: readonly StepBack[]): readonly Pass[] {
  const endBefore = (step: StepBack | undefined): bigint | null =>
    step === undefined ? null : step.time + step.ns + SLACK_NS;
  const first: Pass = { begin: null, end: endBefore(steps[0]), snapshots: [] };
  const later = steps.map(({ time }, i): Pass => ({
    begin: time,
    end: endBefore(steps[i + 1]),
    snapshots: [],
  }));
  for (const snapshot of snapshots) {
    const { time } = snapshot;
    // A remainder is only reused for times that are all later.
    const pass = later.findLast(
      ({ begin }) => begin !== null && time >= begin && remainderOf(time) === remainderOf(begin),
    );
    (pass ?? first).snapshots.push(snapshot);
  }
  return [first, ...later];
}

/**
 * Passes that follow each other within the period: the first account of a pass counts the last points of the
 * previous one.
 */
function chainsOf(passes: readonly Pass[], since: bigint): readonly (readonly Pass[])[] {
  const chains: Pass[][] = [];
  for (const pass of passes)
    if (pass.begin === null || pass.begin < since) chains.push([pass]);
    else chains.at(-1)?.push(pass);
  return chains;
}

function least(times: readonly bigint[], otherwise: bigint): bigint {
  return times.reduce((least, time) => (time < least ? time : least), times[0] ?? otherwise);
}

function greatest(times: readonly bigint[], otherwise: bigint): bigint {
  return times.reduce((most, time) => (time > most ? time : most), times[0] ?? otherwise);
}
