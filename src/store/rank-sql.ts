import { quote } from './quote';

/** The percentiles that the rollups of hours keep, by their names. */
export const PERCENTS: Readonly<Record<'p50' | 'p90' | 'p99', number>> = { p50: 50, p90: 90, p99: 99 };

/** The percentage of a percentile's name, from p1 to p99; null for another name. */
export function percentOf(name: string): number | null {
  const digits = /^p([1-9]\d?)$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The number of fractions that are computed. They are enough for a group of four billion values. */
const HALVINGS = 34;

/**
 * The value at the rank of InfluxQL's PERCENTILE: of n values that is rank floor(n * percent / 100 + 1/2).
 * DuckDB's own quantile_disc is several times as fast as sorting a list, but its rank is ceil(n * fraction).
 * So quantile_disc computes the values of many fractions, percent / 100 - 2^-k for k = 1, 2, 3 and so on, and
 * one of them is chosen. Let n have b binary digits. Then n * 2^-b is at least 1/2 and below 1. If InfluxQL
 * rounds down (the fractional part of n * percent / 100 is above 0 and below 1/2), k = b gives its rank, one
 * below that of DuckDB. Otherwise k = b + 2 gives its rank, because a quarter of that amount does not change
 * the rank. In both cases n * fraction is at least a hundredth away from a whole number, which is more than
 * the error of a double. Below p50 the rank of few values is 0: as InfluxQL, there is no value then.
 */
export function percentileSql(column: string, percent: number): string {
  const count = `count(${quote(column)})`;
  const value = `${candidatesSql(column, [percent])}[${indexSql(count, percent)}]`;
  return percent < 50 ? `CASE WHEN ${count} * ${percent} >= 50 THEN ${value} END` : value;
}

/** An aggregate that gives a list of values. It contains the values at the ranks of the percentages. */
export function candidatesSql(column: string, percents: readonly number[]): string {
  const fractions = percents.flatMap((percent) =>
    Array.from({ length: HALVINGS }, (_, i) => Math.max(0, percent / 100 - 2 ** -(i + 1))),
  );
  // DuckDB parses the text at once, but a list of numbers one by one.
  return `quantile_disc(${quote(column)}, '[${fractions.join(', ')}]'::DOUBLE[])`;
}

/** The index in that list of the value of a percentage, by the number of values. */
export function indexSql(count: string, percent: number, percents: readonly number[] = [percent]): string {
  const roundedDown = `${percent} * ${count} % 100 BETWEEN 1 AND 49`;
  return `${percents.indexOf(percent) * HALVINGS} + length(bin(${count})) + CASE WHEN ${roundedDown} THEN 0 ELSE 2 END`;
}

/**
 * The most frequent value, and the least of equally frequent values. Without the order DuckDB would take the
 * first of these that it finds.
 */
export function modeSql(column: string): string {
  return `mode(${quote(column)} ORDER BY ${quote(column)})`;
}
