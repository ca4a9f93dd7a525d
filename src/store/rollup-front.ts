import type { DuckDBConnection } from '@duckdb/node-api';
import type { SeriesName } from '../metrics/schema';
import { beginOf } from './time-range';

/**
 * Table of hours that got points after their minutes were rolled up: a row for each series, hour and batch.
 */
export const LATE_TABLE = 'btcdmon_late';

/** Its columns and their types. */
export const LATE_COLUMNS: ReadonlyMap<string, string> = new Map([
  ['series', 'VARCHAR'],
  ['hour', 'TIMESTAMP_NS'],
]);

/** How far a series is rolled up by minutes and by hours. */
interface Reached {
  readonly rolledUntil: bigint | null;
  readonly hoursUntil: bigint | null;
}

/** The times of a batch by series. */
type Batch = readonly { readonly series: SeriesName; readonly times: Iterable<bigint> }[];

/**
 * How far rollups have got, or are about to get. The writer of points and the roller meet here, so that no
 * point is missed: a point is either committed before its minute is rolled up, or the transaction that writes
 * it notes it as late.
 */
export class RollupFront {
  private readonly reached = new Map<string, bigint>();
  private readonly writing = new Set<Promise<unknown>>();

  /**
   * Runs a transaction that writes points. `advance` waits for its end. The transaction must call `noteLate`.
   */
  async write(transaction: () => Promise<void>): Promise<void> {
    const running = transaction();
    const ended = running.catch(() => undefined);
    this.writing.add(ended);
    try {
      await running;
    } finally {
      this.writing.delete(ended);
    }
  }

  /** Notes the hours of the points that come late; part of the transaction that writes them. */
  async noteLate(connection: DuckDBConnection, batch: Batch): Promise<void> {
    for (const { series, times } of batch) {
      const hours = [...this.lateHours(series, times)];
      // One statement: a batch may have points of thousands of hours.
      if (hours.length > 0)
        await connection.run(
          `INSERT INTO ${LATE_TABLE} (series, hour)
            SELECT $1, make_timestamp_ns(hour) FROM (SELECT unnest([${hours.join(', ')}]::BIGINT[]) AS hour)`,
          [series],
        );
    }
  }

  /** Reads in how far the store was rolled up when it was opened. */
  load(progress: ReadonlyMap<string, Reached>): void {
    for (const [series, { rolledUntil, hoursUntil }] of progress)
      for (const until of [rolledUntil, hoursUntil]) if (until !== null) this.raise(series, until);
  }

  /**
   * Announces that points up to `until` are about to be rolled up, and waits for transactions that began
   * before.
   */
  async advance(series: SeriesName, until: bigint): Promise<void> {
    this.raise(series, until);
    await Promise.all(this.writing);
  }

  private raise(series: string, until: bigint): void {
    if (until > (this.reached.get(series) ?? 0n)) this.reached.set(series, until);
  }

  private lateHours(series: SeriesName, times: Iterable<bigint>): Iterable<bigint> {
    const reached = this.reached.get(series);
    if (reached === undefined) return [];
    const hours = new Set<bigint>();
    for (const time of times) if (time < reached) hours.add(beginOf('hour', time));
    return hours;
  }
}
