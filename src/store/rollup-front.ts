import type { DuckDBConnection } from '@duckdb/node-api';
import type { SeriesName } from '../metrics/schema';
import { beginOf } from './time-range';

/**
 * Table of the hours that points came into after their minutes were rolled up: a row for each batch of a
 * series and hour.
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
 * How far rollups have got, or are about to. Who writes points and who rolls them up meet here, so that no
 * point is missed: one is either committed before its minute is rolled up, or noted as late in the
 * transaction that writes it.
 */
export class RollupFront {
  private readonly reached = new Map<string, bigint>();
  private readonly writing = new Set<Promise<unknown>>();

  /** Runs a transaction that writes points, for whose end `advance` waits. Within it `noteLate` is due. */
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

  /** Notes the hours of those points that come late; part of the transaction that writes them. */
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

  /** Takes over how far a store was rolled up when it was opened. */
  load(marks: ReadonlyMap<string, Reached>): void {
    for (const [series, { rolledUntil, hoursUntil }] of marks)
      for (const until of [rolledUntil, hoursUntil]) if (until !== null) this.raise(series, until);
  }

  /**
   * Tells that points up to `until` are about to be rolled up, and waits for the writers that did not hear of
   * it.
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
