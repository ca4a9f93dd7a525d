import { COMMON_TAGS, type SeriesName, seriesOf, tagNames } from '../metrics/schema';
import { quote } from './quote';
import { PERCENTS, candidatesSql, indexSql, modeSql } from './rank-sql';
import { type TimeRange, bucketSql, whereTime } from './time-range';
import { isMeasured } from './rollup-columns';

/**
 * The table with percentiles and modes of a series by the hour. They can't be added up, so there is a row for
 * every choice of tags to group by. Its column `by` names these tags with commas between; the other tags of
 * the row are ''.
 */
export function ranksTable(series: SeriesName): string {
  return `${series}_1h_ranks`;
}

/** Columns of a series whose percentiles and modes are kept: numbers that are facts, and floats. */
export function rankedColumns(series: SeriesName): readonly string[] {
  return Object.entries(seriesOf(series).columns)
    .filter(([, column]) => isMeasured(column) && (column.kind === 'fact' || column.type === 'float'))
    .map(([name]) => name);
}

/** The columns of the table and their types, beside `time` and the tags. */
export function rankColumns(series: SeriesName): readonly (readonly [name: string, type: string])[] {
  return [
    ['by', 'VARCHAR'],
    ...rankedColumns(series).flatMap((name) => {
      const type = seriesOf(series).columns[name]?.type === 'int' ? 'BIGINT' : 'DOUBLE';
      return [...Object.keys(PERCENTS), 'mode'].map((fn) => [`${name}_${fn}`, type] as const);
    }),
  ];
}

/** The value of `by` in rows that are grouped by these tags. */
export function rankGrouping(series: SeriesName, tags: readonly string[]): string {
  return tagNames(series)
    .filter((tag) => tags.includes(tag))
    .join(',');
}

/** The tags that all series have; many stores have one node on one network. */
const COMMON = Object.keys(COMMON_TAGS);

/** All choices of these tags to group by, except all of them. */
const FEWER = COMMON.reduce<string[][]>(
  (sets, tag) => sets.flatMap((set) => [set, [...set, tag]]),
  [[]],
).filter((set) => set.length < COMMON.length);

/**
 * The statement that adds the points of whole hours to the table of a series that has ranked columns, by node
 * and network.
 */
export function ranksSql(series: SeriesName, range: TimeRange): string {
  return insertSql(series, range, [COMMON]);
}

/** The statement that counts the nodes and networks that have rows in a range. */
export function sourcesSql(series: SeriesName, range: TimeRange): string {
  return `SELECT count(DISTINCT (${COMMON.map(quote).join(', ')})) FROM ${quote(ranksTable(series))} ${whereTime(range)}`;
}

/**
 * The statement that adds the rows that are not grouped by both node and network. Where there is `one` node
 * and network it copies the values, else it computes them from points.
 */
export function fewerRanksSql(series: SeriesName, range: TimeRange, one: boolean): string {
  if (!one) return insertSql(series, range, FEWER);
  const prefix = COMMON.join(',').length + 1;
  const copies = FEWER.map((set) => {
    const left = COMMON.filter((tag) => !set.includes(tag)).map((tag) => `'' AS ${quote(tag)}`);
    const by = `trim(concat('${set.join(',')}', substr("by", ${prefix})), ',') AS "by"`;
    return `SELECT * REPLACE (${[...left, by].join(', ')}) FROM ${quote(ranksTable(series))} ${whereTime(range)}`;
  });
  return `INSERT INTO ${quote(ranksTable(series))} BY NAME ${copies.join(' UNION ALL ')}`;
}

function insertSql(series: SeriesName, range: TimeRange, sets: readonly (readonly string[])[]): string {
  const tags = tagNames(series).map(quote);
  const others = tagNames(series).filter((tag) => !COMMON.includes(tag));
  const names = rankedColumns(series);
  const percents = Object.values(PERCENTS);
  const of = (name: string, suffix: string): string => quote(`${name}_${suffix}`);
  const grouped = tagNames(series).map((tag) => `CASE WHEN grouping(${quote(tag)}) = 0 THEN '${tag}' END`);
  const aggregates = names.map(
    (name) =>
      `count(${quote(name)}) AS ${of(name, 'count')}, ${candidatesSql(name, percents)} AS ${of(name, 'list')}, ` +
      `${modeSql(name)} AS ${of(name, 'mode')}`,
  );
  const values = names.flatMap((name) => [
    ...Object.entries(PERCENTS).map(([fn, percent]) => {
      const index = indexSql(of(name, 'count'), percent, percents);
      return `${of(name, 'list')}[${index}] AS ${of(name, fn)}`;
    }),
    of(name, 'mode'),
  ]);
  const groups = [
    '"hour"',
    `GROUPING SETS (${sets.map((set) => `(${set.map(quote).join(', ')})`).join(', ')})`,
    ...(others.length === 0 ? [] : [`CUBE (${others.map(quote).join(', ')})`]),
  ];
  return `INSERT INTO ${quote(ranksTable(series))} BY NAME
    SELECT "hour" AS "time", ${tags.map((tag) => `coalesce(${tag}, '') AS ${tag}`).join(', ')}, "by", ${values.join(', ')}
    FROM (
      SELECT "hour", ${tags.join(', ')}, concat_ws(',', ${grouped.join(', ')}) AS "by", ${aggregates.join(', ')}
      FROM (SELECT *, ${bucketSql('hour')} AS "hour" FROM ${quote(series)} ${whereTime(range)}
        AND coalesce(${names.map(quote).join(', ')}) IS NOT NULL)
      GROUP BY ${groups.join(', ')})`;
}
