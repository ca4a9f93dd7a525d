import { condition } from '../panels/queries';
import type { PanelLine } from '../panels/panel';
import type { Query } from '../query/model';
import type { Row } from '../query/result';
import type { AlertQuery, SecondsAgo } from './alert-query';

const SECOND_NS = 1_000_000_000n;

/** Significant digits of a count that was divided by its seconds and multiplied with them again. */
const DIGITS = 10;

/** The values of a query by their group, which is a list of the values of its labels (JSON). */
export interface Answer {
  /** Names of the labels: those that a group has, in this order. */
  readonly labels: readonly string[];
  readonly values: ReadonlyMap<string, number>;
}

/** The labels of the groups of a query. */
function labelsOf(query: AlertQuery): readonly string[] {
  return query.kind === 'network' ? ['network'] : ['node', 'network', ...query.line.by];
}

/**
 * What a store is asked for a query of an alert at a time. Like in Grafana, a point at the very end of the
 * period counts.
 */
export function storeQueries(query: AlertQuery, atNs: bigint): readonly Query[] {
  const by = labelsOf(query);
  if (query.kind === 'silent') {
    const [since, recent] = [query.hours * 3600, query.minutes * 60].map((s) => atNs - BigInt(s) * SECOND_NS);
    return [since, recent].map((start = atNs) => queryOf(query.line, by, [start, atNs]));
  }
  const everyNs = query.kind === 'buckets' ? BigInt(query.minutes * 60) * SECOND_NS : null;
  return [queryOf(query.line, by, rangeOf(query.ago, atNs), everyNs)];
}

/** Makes the values of a query of the rows that the store answered to `storeQueries`. */
export function answerOf(query: AlertQuery, answers: readonly (readonly Row[])[]): Answer {
  const labels = labelsOf(query);
  const [rows = [], recent = []] = answers;
  switch (query.kind) {
    case 'whole':
    case 'network':
      return { labels, values: valuesOf(rows, (value) => total(query, value)) };
    case 'buckets':
      return { labels, values: folded(rows, query.fn) };
    case 'silent': {
      const known = valuesOf(rows, () => 0);
      return { labels, values: new Map([...known, ...valuesOf(recent, (value) => value)]) };
    }
  }
}

/** Identifies a group by the values of its labels. */
export function groupKey(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => (typeof value === 'string' ? value : '')));
}

function queryOf(
  { series, agg, where }: PanelLine,
  by: readonly string[],
  [since, until]: readonly [bigint, bigint],
  everyNs: bigint | null = null,
): Query {
  return { series, agg, by, where: condition(series, where), since, until, everyNs, limit: 0 };
}

function rangeOf([fromS, toS]: SecondsAgo, atNs: bigint): readonly [bigint, bigint] {
  return [atNs - BigInt(fromS) * SECOND_NS, atNs - BigInt(toS) * SECOND_NS + 1n];
}

function valuesOf(rows: readonly Row[], valueOf: (value: number) => number): ReadonlyMap<string, number> {
  return new Map(rows.map((row) => [groupKey(row.slice(0, -1)), valueOf(Number(row.at(-1)))]));
}

/** A rate is per second; alerts are about the increase within the period. */
function total({ line, ago }: Extract<AlertQuery, { readonly ago: SecondsAgo }>, value: number): number {
  const [fromS, toS] = ago;
  return line.agg.fn === 'rate' ? Number((value * (fromS - toS)).toPrecision(DIGITS)) : value;
}

function folded(rows: readonly Row[], fn: 'mean' | 'count'): ReadonlyMap<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const row of rows) {
    // The first value of a row is the time of its bucket.
    const key = groupKey(row.slice(1, -1));
    const { sum, count } = sums.get(key) ?? { sum: 0, count: 0 };
    sums.set(key, { sum: sum + Number(row.at(-1)), count: count + 1 });
  }
  return new Map([...sums].map(([key, { sum, count }]) => [key, fn === 'count' ? count : sum / count]));
}
