import { tagNames } from '../metrics/schema';
import { ROLLUPS, type RollupUnit, isMeasured } from '../store/rollup-columns';
import type { SeriesProgress } from '../store/rollup-progress';
import { PERCENTS, percentOf } from '../store/rank-sql';
import { rankedColumns } from '../store/ranks';
import { type TimeRange, beginOf } from '../store/time-range';
import { fieldOf, isCounter } from './columns';
import type { Query } from './model';
import { columnsOf, fixedColumns, rolledWhere } from './rolled-where';

/** Which parts of a query's range are read from rollups, and which from points. */
export interface Plan {
  /** From rollups, each part from the coarsest rollup that covers it. */
  readonly rolled: readonly { readonly unit: RollupUnit; readonly span: TimeRange }[];
  /** From points. */
  readonly points: readonly TimeRange[];
  /** The start of the answerable range, if it is later than the start of the query. */
  readonly since: bigint | null;
}

/**
 * Hours whose rollups lack late points are normally few or adjacent. If there are more runs of them than
 * this, everything between the first and the last is read from points.
 */
const LATE_RUNS = 32;

/**
 * How an aggregate is computed from rollups: `parts` are added, `steps` are differences of a counter,
 * `spread` combines counts, means and squared distances, and `ranks` takes whole hours as they are stored.
 */
export function rolledBy({ series, agg }: Query): 'parts' | 'steps' | 'spread' | 'ranks' {
  if (agg?.column == null) return 'parts';
  if (agg.fn === 'stddev') return 'spread';
  if (percentOf(agg.fn) !== null || agg.fn === 'mode') return 'ranks';
  return agg.fn === 'rate' && isCounter(series, agg.column) ? 'steps' : 'parts';
}

/**
 * Divides the range of a query between points and rollups, so that the answer equals the one from points
 * alone. Where the points are gone, a rollup bucket counts if a part of it is in the range.
 */
export function planOf(query: Query, marks: SeriesProgress): Plan {
  const { since, until } = query;
  const units = unitsOf(query);
  const finest = units.at(-1);
  const rawSince = marks.rawSince ?? 0n;
  const all = { from: since, until };
  if (finest === undefined || marks.rolledUntil === null)
    return { rolled: [], points: [all], since: since < rawSince ? rawSince : null };

  const rolled: { unit: RollupUnit; span: TimeRange }[] = [];
  const points: TimeRange[] = [];
  let answeredSince: bigint | null = null;
  const cover = (span: TimeRange, left: readonly RollupUnit[], rest: (span: TimeRange) => void): void => {
    if (span.from >= span.until) return;
    const [unit, ...finer] = left;
    if (unit === undefined) {
      rest(span);
      return;
    }
    const middle = wholeBuckets(span, unit, marks);
    if (middle === null) {
      cover(span, finer, rest);
      return;
    }
    cover({ from: span.from, until: middle.from }, finer, rest);
    rolled.push({ unit, span: middle });
    cover({ from: middle.until, until: span.until }, finer, rest);
  };

  if (since < rawSince) {
    const end = until < rawSince ? until : rawSince;
    const widened = { from: beginOf(finest, since), until: beginOf(finest, end + ROLLUPS[finest].ns - 1n) };
    cover(widened, units, (span) => (answeredSince = span.until));
    // Points that arrived after their hour was removed are in no rollup yet. They can't be combined with
    // ranks.
    if (rolledBy(query) !== 'ranks') points.push({ from: since, until: end });
  }
  for (const { span, isLate } of divide({ from: since > rawSince ? since : rawSince, until }, marks.late)) {
    if (isLate) points.push(span);
    else cover(span, units, (rest) => points.push(rest));
  }
  return { rolled, points: joined(points), since: answeredSince };
}

/**
 * The rollups that can answer a query, the coarsest first: their buckets must fit into the query's buckets,
 * and the query may only use tags.
 */
export function unitsOf(query: Query): readonly RollupUnit[] {
  const { series, agg, by, everyNs } = query;
  const where = rolledWhere(series, query.where);
  if (agg === null || where === null || !by.every((name) => tagNames(series).includes(name))) return [];
  if (where.flag !== null && agg.column !== null) return [];
  const units = (['hour', 'minute'] as const).filter(
    (unit) => everyNs === null || everyNs % ROLLUPS[unit].ns === 0n,
  );
  const { fn, column: name } = agg;
  const column = name === null ? undefined : fieldOf(series, name);
  switch (rolledBy(query)) {
    case 'parts':
      return column?.kind === 'counter' && (fn === 'sum' || fn === 'mean') ? [] : units;
    case 'steps':
      return units;
    case 'spread':
      return column !== undefined && isMeasured(column) ? units.filter((unit) => unit === 'hour') : [];
    case 'ranks': {
      if (!(fn in PERCENTS) && fn !== 'mode') return [];
      // Each group is a row: if it had more tags than are grouped by, there would be several rows.
      const fixed = [...by, ...fixedColumns(where.tags)];
      const isWhole = where.tags === null || columnsOf(where.tags).every((tag) => fixed.includes(tag));
      return everyNs === ROLLUPS.hour.ns && isWhole && rankedColumns(series).includes(name ?? '')
        ? ['hour']
        : [];
    }
  }
}

/** The part of a span that consists of whole rollup buckets. */
function wholeBuckets(span: TimeRange, unit: RollupUnit, marks: SeriesProgress): TimeRange | null {
  const since = unit === 'minute' ? null : marks.hoursSince;
  const rolledUntil = (unit === 'minute' ? marks.rolledUntil : marks.hoursUntil) ?? 0n;
  const begin = since !== null && since > span.from ? since : span.from;
  const from = beginOf(unit, begin + ROLLUPS[unit].ns - 1n);
  const until = beginOf(unit, span.until < rolledUntil ? span.until : rolledUntil);
  return from < until ? { from, until } : null;
}

/** Divides a span into hours with late points and the time between them. */
function* divide(
  span: TimeRange,
  late: readonly bigint[],
): Generator<{ readonly span: TimeRange; readonly isLate: boolean }> {
  const hours = late.map((from) => ({ from, until: from + ROLLUPS.hour.ns }));
  let runs = joined(hours.filter(({ from, until }) => from < span.until && until > span.from));
  const [first, last] = [runs[0], runs.at(-1)];
  if (runs.length > LATE_RUNS && first !== undefined && last !== undefined)
    runs = [{ from: first.from, until: last.until }];
  let { from } = span;
  for (const run of runs) {
    const begin = run.from > from ? run.from : from;
    const end = run.until < span.until ? run.until : span.until;
    yield { span: { from, until: begin }, isLate: false };
    yield { span: { from: begin, until: end }, isLate: true };
    from = end;
  }
  yield { span: { from, until: span.until }, isLate: false };
}

/** Joins adjacent spans, given in ascending order. */
function joined(spans: readonly TimeRange[]): readonly TimeRange[] {
  const result: TimeRange[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last?.until === span.from) result[result.length - 1] = { from: last.from, until: span.until };
    else if (span.from < span.until) result.push(span);
  }
  return result;
}
