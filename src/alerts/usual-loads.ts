import { condition } from '../panels/queries';
import type { Query } from '../query/model';
import type { Row } from '../query/result';
import type { Alert, UsualRule } from './alert';
import { groupKey } from './ask';
import { type RunAll, rowsOf } from './run-all';

const MINUTE_NS = 60_000_000_000n;
const HOUR_NS = 60n * MINUTE_NS;
const WEEK_NS = 7n * 24n * HOUR_NS;

/** How many weeks are looked back. A store that removes points keeps their rollups, which answer as well. */
const WEEKS = 4;

/** With fewer weeks there is no usual value. */
const LEAST_WEEKS = 2;

/** An hour counts only if the node ran for this part of it. */
const LEAST_PART = 0.8;

/**
 * The usual value of each node at the present hour of the week, from the same hour of the last weeks in the
 * store. It is read once an hour, four hours of the store for each rule. So it needs no file of its own, and
 * a restart loses nothing.
 */
export class UsualLoads {
  private hourNs: bigint | null = null;
  private usual = new Map<UsualRule, ReadonlyMap<string, number>>();

  /**
   * Reads the hours that are compared with the time `atNs`, unless they have been read.
   * @param alerts only those that have a rule about usual values matter
   */
  async load(alerts: readonly Alert[], atNs: bigint, runAll: RunAll): Promise<void> {
    const rules = alerts.flatMap(({ usual }) => usual ?? []);
    // The compared minutes end now. Their middle decides the hour.
    const middle = atNs - (BigInt(Math.max(0, ...rules.map(({ minutes }) => minutes))) * MINUTE_NS) / 2n;
    const hourNs = middle - (middle % HOUR_NS);
    if (hourNs === this.hourNs) return;
    const asked = rules.map((rule) => ({ rule, queries: queriesOf(rule, hourNs) }));
    const rows = await rowsOf(
      asked.flatMap(({ queries }) => queries),
      runAll,
    );
    this.usual = new Map(
      asked.map(({ rule, queries }) => [
        rule,
        usualOf(
          rule,
          queries.map((query) => rows.get(query) ?? []),
        ),
      ]),
    );
    this.hourNs = hourNs;
  }

  /** What is usual for a group (`groupKey`); undefined where too little is known. */
  of(rule: UsualRule, key: string): number | undefined {
    return this.usual.get(rule)?.get(key);
  }
}

/** A query for each week: the buckets of its hour. */
function queriesOf({ line: { series, agg, where }, minutes }: UsualRule, hourNs: bigint): readonly Query[] {
  return Array.from({ length: WEEKS }, (_, week): Query => {
    const since = hourNs - BigInt(week + 1) * WEEK_NS;
    return {
      ...{ series, agg, by: ['node', 'network'], where: condition(series, where) },
      ...{ since, until: since + HOUR_NS, everyNs: BigInt(minutes) * MINUTE_NS, limit: 0 },
    };
  });
}

/** The mean of the weeks for each group that ran in enough of them. */
function usualOf({ minutes }: UsualRule, weeks: readonly (readonly Row[])[]): ReadonlyMap<string, number> {
  const leastBuckets = LEAST_PART * (60 / minutes);
  const byGroup = new Map<string, number[]>();
  for (const rows of weeks) {
    const buckets = new Map<string, number[]>();
    for (const row of rows) {
      const key = groupKey(row.slice(1, -1));
      buckets.set(key, [...(buckets.get(key) ?? []), Number(row.at(-1))]);
    }
    for (const [key, values] of buckets)
      if (values.length >= leastBuckets) byGroup.set(key, [...(byGroup.get(key) ?? []), meanOf(values)]);
  }
  const known = [...byGroup].filter(([, means]) => means.length >= LEAST_WEEKS);
  return new Map(known.map(([key, means]) => [key, meanOf(means)]));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
