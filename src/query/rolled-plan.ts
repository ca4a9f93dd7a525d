import { tagNames } from '../metrics/schema';
import { ROLLUPS, type RollupUnit, isMeasured } from '../store/rollup-columns';
import type { MarksOfSeries } from '../store/rollup-marks';
import { PERCENTS } from '../store/rank-sql';
import { rankedColumns } from '../store/ranks';
import { type Span, beginOf } from '../store/span';
import { fieldOf, isCounter } from './columns';
import type { Query } from './model';
import { columnsOf, fixedColumns, rolledWhere } from './rolled-where';

/** Where the parts of a query's range are taken from. */
export interface Plan {
  /** From rollups, each part from the coarsest that has it whole. */
  readonly rolled: readonly { readonly unit: RollupUnit; readonly span: Span }[];
  /** From points. */
  readonly points: readonly Span[];
  /** From when on there is an answer, where that is later than the query asks for. */
  readonly since: bigint | null;
}

/** Hours that lack late points are few or lie together; of more runs than this all between them is taken from points. */
const LATE_RUNS = 32;

/** How an aggregate is made of rollups: of parts that add up, of counts, means and squared distances, or of whole hours as they are. */
export function rolledBy({ series, agg }: Query): 'parts' | 'steps' | 'spread' | 'ranks' {
  if (agg?.column == null) return 'parts';
  if (agg.fn === 'stddev') return 'spread';
  if (agg.fn in PERCENTS || agg.fn === 'mode') return 'ranks';
  return agg.fn === 'rate' && isCounter(series, agg.column) ? 'steps' : 'parts';
}

/**
 * Divides the range of a query between points and rollups, so that the answer is the one that points alone give. Of time whose points
 * are gone a bucket of a rollup belongs to the range where a part of it does.
 */
export function planOf(query: Query, marks: MarksOfSeries): Plan {
  const { since, until } = query;
  const units = unitsOf(query);
  const finest = units.at(-1);
  const rawSince = marks.rawSince ?? 0n;
  const all = { from: since, until };
  if (finest === undefined || marks.rolledUntil === null)
    return { rolled: [], points: [all], since: since < rawSince ? rawSince : null };

  const rolled: { unit: RollupUnit; span: Span }[] = [];
  const points: Span[] = [];
  let answeredSince: bigint | null = null;
  const cover = (span: Span, left: readonly RollupUnit[], rest: (span: Span) => void): void => {
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
    // What came after the points were gone is in no rollup yet. It can't be added to ranks.
    if (rolledBy(query) !== 'ranks') points.push({ from: since, until: end });
  }
  for (const { span, isLate } of divide({ from: since > rawSince ? since : rawSince, until }, marks.late)) {
    if (isLate) points.push(span);
    else cover(span, units, (rest) => points.push(rest));
  }
  return { rolled, points: joined(points), since: answeredSince };
}

/** The rollups that a query may be answered from, the coarsest first: those whose buckets fit into its own, if it is of tags alone. */
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
      // Each group is a row: one of more tags than are grouped by would be several.
      const fixed = [...by, ...fixedColumns(where.tags)];
      const isWhole = where.tags === null || columnsOf(where.tags).every((tag) => fixed.includes(tag));
      return everyNs === ROLLUPS.hour.ns && isWhole && rankedColumns(series).includes(name ?? '')
        ? ['hour']
        : [];
    }
  }
}

/** The part of a span that is whole buckets of a rollup. */
function wholeBuckets(span: Span, unit: RollupUnit, marks: MarksOfSeries): Span | null {
  const since = unit === 'minute' ? null : marks.hoursSince;
  const rolledUntil = (unit === 'minute' ? marks.rolledUntil : marks.hoursUntil) ?? 0n;
  const begin = since !== null && since > span.from ? since : span.from;
  const from = beginOf(unit, begin + ROLLUPS[unit].ns - 1n);
  const until = beginOf(unit, span.until < rolledUntil ? span.until : rolledUntil);
  return from < until ? { from, until } : null;
}

/** Divides a span into hours that are late and what lies between. */
function* divide(
  span: Span,
  late: readonly bigint[],
): Generator<{ readonly span: Span; readonly isLate: boolean }> {
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

/** Joins spans, in ascending order, where one begins as another ends. */
function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last?.until === span.from) result[result.length - 1] = { from: last.from, until: span.until };
    else if (span.from < span.until) result.push(span);
  }
  return result;
}
