import { remainderOf } from '../lib/point-times';
import type { SeriesName } from '../metrics/schema';
import type { Stray } from './audit-steps';
import type { Query } from './model';
import { overlapping, readAccountedPeriods, type AccountedPeriod, unaccounted } from './accounted-periods';
import { allRows } from './result';
import type { Source } from './source';
import type { Period } from './time';
import { parseWhere } from './where';

/** What a node says that it emitted of one series in a period, and what the store contains. */
export interface Account {
  readonly node: string;
  readonly network: string;
  readonly series: SeriesName;
  /** When the run started, in milliseconds since the Unix epoch; several if their times overlap. */
  readonly started: readonly number[];
  /** How often its clock was set back. */
  readonly stepsBack: number;
  /** The period that was compared: until the run's last account. */
  readonly period: Period;
  /** Null if the store lacks the accounts themselves. */
  readonly emitted: number | null;
  readonly stored: number;
  /** Set if the two differ and the place can be found: between which accounts they first differ. */
  readonly firstIn?: Period;
}

/**
 * Compares what nodes say that they emitted in a period with what a store contains. Each node accounts for
 * itself in the series `btcdmon`: between two of its points about a series there must be as many points as
 * its count grew by. Points after a run's last account are not compared, because nothing accounts for them
 * yet.
 *
 * Points do not name their run. If runs of one node overlap in time, for example because a clock was set back
 * between them, their totals are compared. If a clock was set back within a run, the remainders of their
 * times distinguish its points.
 *
 * @param now no run has emitted points after this time, unless its clock was set back later
 */
export async function audit(
  source: Source,
  range: Period,
  now: bigint = range.until,
): Promise<readonly Account[]> {
  const spans = await readAccountedPeriods(source, range);
  const accounts: Account[] = [];
  for (const group of overlapping(spans)) {
    const [first] = group;
    const until = group.reduce((latest, span) => (span.until > latest ? span.until : latest), first.until);
    const period = { since: first.since, until };
    // The last account of `btcdmon` is itself a point of that series that no account counts.
    const last = (span: AccountedPeriod): number =>
      span.series === 'btcdmon' && span.until < until && span.steps.length === 0 ? 1 : 0;
    const emitted = group.reduce((sum, span) => sum + span.emitted + last(span), 0);
    let stored = await countPoints(source, first, period);
    for (const stray of group.flatMap(({ strays }) => strays))
      stored -= await countStrays(source, first, { stray, period, now });
    const isPlain = group.length === 1 && first.steps.length === 0;
    const firstIn = emitted !== stored && isPlain ? await locate(source, first) : undefined;
    accounts.push({
      ...identity(first),
      started: group.map(({ started }) => started),
      stepsBack: Math.max(...group.map(({ steps }) => steps.length)),
      period,
      emitted,
      stored,
      ...(firstIn === undefined ? {} : { firstIn }),
    });
  }
  for (const span of unaccounted(spans)) {
    const stored = await countPoints(source, span, span);
    accounts.push({
      ...identity(span),
      started: [span.started],
      stepsBack: span.steps.length,
      period: span,
      emitted: null,
      stored,
    });
  }
  return accounts;
}

/** How far another machine's clock may be ahead of ours. */
const AHEAD_NS = 60_000_000_000n;

type Identity = Pick<Account, 'node' | 'network' | 'series'>;

function identity({ node, network, series }: Identity): Identity {
  return { node, network, series };
}

async function countPoints(source: Source, of: Identity, period: Period): Promise<number> {
  // InfluxDB refuses an empty period.
  if (period.since >= period.until) return 0;
  const counted = await source.run({ ...pointsOf(of, period), agg: { fn: 'count', column: null } });
  const [row] = await allRows(counted);
  return Number(row?.[0] ?? 0);
}

/** Counts the points in a period that no account counts, usually those of one interval. */
async function countStrays(
  source: Source,
  of: Identity,
  { stray, period, now }: { readonly stray: Stray; readonly period: Period; readonly now: bigint },
): Promise<number> {
  const since = stray.since > period.since ? stray.since : period.since;
  const until = [stray.until, period.until, now + AHEAD_NS].reduce((a, b) => (a < b ? a : b));
  if (since >= until) return 0;
  const { columns, rows } = await source.run(pointsOf(of, { since, until }));
  const at = columns.findIndex(({ name }) => name === 'time');
  let count = 0;
  for await (const batch of rows)
    for (const row of batch) {
      const time = row[at];
      if (typeof time === 'bigint' && remainderOf(time) === stray.remainder) count += 1;
    }
  return count;
}

function pointsOf({ node, network, series }: Identity, { since, until }: Period): Query {
  const where = parseWhere(series, `node = ${literal(node)} AND network = ${literal(network)}`);
  return { series, since, until, where, agg: null, by: [], everyNs: null, limit: 0 };
}

/**
 * Finds the pair of accounts between which the store first differs. It bisects, because counting up to an
 * account is cheap.
 */
async function locate(source: Source, span: AccountedPeriod): Promise<Period | undefined> {
  const { snapshots } = span;
  const start = snapshots[0];
  if (start === undefined) return undefined;
  let good = 0;
  let bad = snapshots.length - 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const { time = span.until, emitted = 0 } = snapshots[middle] ?? {};
    const stored = await countPoints(source, span, { since: span.since, until: time });
    if (stored === emitted - start.emitted) good = middle;
    else bad = middle;
  }
  const [since, until] = [snapshots[good]?.time, snapshots[bad]?.time];
  return since === undefined || until === undefined ? undefined : { since, until };
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
