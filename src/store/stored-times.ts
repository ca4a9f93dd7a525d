import type { DuckDBConnection } from '@duckdb/node-api';
import type { SeriesName } from '../metrics/schema';
import { quote } from './quote';
import { rangesOf, whereTime } from './time-range';

/** The series and the node whose points are looked up. */
export interface PointsOf {
  readonly series: SeriesName;
  readonly node: string;
  readonly network: string;
}

/**
 * Returns those of the times at which a node has a point in the store. It looks only at hours that some of
 * the times lie in, so its cost grows with the times and the points in these hours, not with the range from
 * the first to the last.
 */
export async function storedTimes(
  connection: DuckDBConnection,
  { series, node, network }: PointsOf,
  times: readonly bigint[],
): Promise<bigint[]> {
  const stored: bigint[] = [];
  const sorted = BigInt64Array.from(times).sort();
  let begin = 0;
  for (const range of rangesOf(times)) {
    let end = begin;
    while ((sorted[end] ?? range.until) < range.until) end++;
    const reader = await connection.runAndReadAll(
      `SELECT epoch_ns("time") FROM ${quote(series)} ${whereTime(range)} AND node = $1 AND network = $2
        AND epoch_ns("time") IN (SELECT unnest([${sorted.subarray(begin, end).join(', ')}]::BIGINT[]))`,
      [node, network],
    );
    for (const [time] of reader.getRows()) stored.push(time as bigint);
    begin = end;
  }
  return stored;
}
