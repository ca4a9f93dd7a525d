import { quote } from './quote';

/** Percentiles by their names. */
export const PERCENTS: Readonly<Record<'p50' | 'p90' | 'p99', number>> = { p50: 50, p90: 90, p99: 99 };

/** How often a fraction is halved: enough for a group of four billion values. */
const HALVINGS = 34;

/**
 * The value at the rank that InfluxQL's PERCENTILE takes: floor(n * percent / 100 + 1/2) of n. DuckDB's own
 * quantile_disc is several times as fast as sorting a list, but takes the rank ceil(n * fraction). So it is
 * asked for fractions a little below the percentage, each nearer to it by half: for n of b binary digits, n *
 * 2^-b lies between 1/2 and 1. Taking that off n * percent / 100 lowers the rank by one where it would be
 * rounded down (its fractional part lies between 0 and 1/2); a quarter of it lowers no other. Both stay a
 * hundredth away from where rounding turns, which is more than doubles lose.
 */
export function percentileSql(column: string, percent: number): string {
  const name = quote(column);
  return `${candidatesSql(column, [percent])}[${indexSql(`count(${name})`, percent)}]`;
}

/** An aggregate that gives a list of values; those at the ranks of the percentages are among them. */
export function candidatesSql(column: string, percents: readonly number[]): string {
  const fractions = percents.flatMap((percent) =>
    Array.from({ length: HALVINGS }, (_, i) => percent / 100 - 2 ** -(i + 1)),
  );
  // DuckDB reads the text at once, and a list of numbers number by number.
  return `quantile_disc(${quote(column)}, '[${fractions.join(', ')}]'::DOUBLE[])`;
}

/** The index in that list of the value of a percentage, by the number of values. */
export function indexSql(count: string, percent: number, percents: readonly number[] = [percent]): string {
  const roundedDown = `${percent} * ${count} % 100 BETWEEN 1 AND 49`;
  return `${percents.indexOf(percent) * HALVINGS} + length(bin(${count})) + CASE WHEN ${roundedDown} THEN 0 ELSE 2 END`;
}

/**
 * The most frequent value; of equally frequent ones the least, where DuckDB would take the first it meets.
 */
export function modeSql(column: string): string {
  return `mode(${quote(column)} ORDER BY ${quote(column)})`;
}
