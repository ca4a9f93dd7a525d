import { fieldOf } from './columns';
import type { Query } from './model';
import { type Result, type Row, type Value, inOneBatch, resultColumns } from './result';

/**
 * One group as a store returns it: the start of its bucket (null without `--every`), the values of `by`, and
 * the aggregate. For a rate the aggregate is the sum that must still be divided.
 */
export interface Group {
  readonly time: bigint | null;
  readonly keys: readonly Value[];
  readonly value: Value;
}

/**
 * Significant digits of a computed float. They are fewer than a double has, so that the order of additions
 * does not show.
 */
const SIGNIFICANT_DIGITS = 12;

/**
 * Makes the answer from a store's groups when the store leaves the rest to us: drops groups without a value,
 * sorts by time and then by group, applies the limit, and continues like `finishSorted`.
 */
export function finish(query: Query, groups: readonly Group[]): Result {
  const sorted = groups
    .filter(hasValue(query))
    .sort((a, b) => compareValues(a.time, b.time) || compareKeys(a.keys, b.keys));
  return finishSorted(query, inOneBatch(limited(query, sorted)));
}

/** Whether a group is part of the answer: it has a value, and a count is above 0. */
export function hasValue({ agg }: Query): (group: Group) => boolean {
  return ({ value }) => value !== null && !(agg?.fn === 'count' && value === 0);
}

/**
 * Makes the answer from groups that have a value, are sorted and within the limit; the same for all stores.
 * It divides rates and rounds computed floats. A query without groups and buckets always has one row.
 */
export function finishSorted(query: Query, groups: AsyncIterable<readonly Group[]>): Result {
  return { columns: resultColumns(query), rows: toRows(query, groups) };
}

async function* toRows(
  query: Query,
  groups: AsyncIterable<readonly Group[]>,
): AsyncGenerator<readonly Row[]> {
  let empty = true;
  for await (const batch of groups) {
    empty &&= batch.length === 0;
    yield batch.map((group) => toRow(query, group));
  }
  if (empty && query.by.length === 0 && query.everyNs === null) yield [[emptyValue(query)]];
}

/**
 * Compares rows value by value: null first, numbers by size, false before true, strings by their UTF-8 bytes.
 */
export function compareKeys(a: readonly Value[], b: readonly Value[]): number {
  for (let index = 0; index < a.length; index++) {
    const order = compareValues(a[index] ?? null, b[index] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

function toRow(query: Query, { time, keys, value }: Group): Row {
  return [...(query.everyNs === null ? [] : [time]), ...keys, finalValue(query, time, value)];
}

function finalValue(query: Query, time: bigint | null, value: Value): Value {
  if (query.agg?.fn === 'rate') return rounded(Number(value) / seconds(query, time));
  const summed = query.agg?.fn === 'sum' && fieldOf(query.series, query.agg.column ?? '')?.type === 'float';
  return summed || query.agg?.fn === 'mean' || query.agg?.fn === 'stddev' ? rounded(Number(value)) : value;
}

/** Length of a bucket in seconds. The range often cuts the first and last bucket. */
function seconds({ since, until, everyNs }: Query, time: bigint | null): number {
  const start = time !== null && time > since ? time : since;
  const end = time !== null && everyNs !== null && time + everyNs < until ? time + everyNs : until;
  return Number(end - start) / 1e9;
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS));
}

function emptyValue({ agg }: Query): Value {
  return agg?.fn === 'count' || (agg?.fn === 'rate' && agg.column === null) ? 0 : null;
}

function limited(query: Query, groups: readonly Group[]): readonly Group[] {
  if (query.limit === 0) return groups;
  return query.everyNs === null ? groups.slice(0, query.limit) : groups.slice(-query.limit);
}
