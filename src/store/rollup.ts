import type { DuckDBConnection } from '@duckdb/node-api';
import type { SeriesName } from '../metrics/schema';
import { quote } from './quote';
import { ROLLUP_NS, rollupTable } from './rollup-columns';
import { readMarks, writeMarks } from './rollup-marks';
import { type Span, rollUpSql, within } from './rollup-sql';

/** What is rolled up or removed in one transaction. */
export const SLICE_NS = 3_600_000_000_000n;

/** Rolls a series up to the last minute that ends at or before `untilNs`, an hour a transaction, as long as `mayGoOn` says so. */
export async function rollUp(
  connection: DuckDBConnection,
  series: SeriesName,
  untilNs: bigint,
  mayGoOn: () => boolean,
): Promise<void> {
  const { rolledUntil, rawSince } = await readMarks(connection, series);
  let from = rolledUntil ?? (await firstMinute(connection, series));
  const until = untilNs - (untilNs % ROLLUP_NS);
  while (from !== null && from < until && mayGoOn()) {
    const hourEnd: bigint = from - (from % SLICE_NS) + SLICE_NS;
    const span: Span = { from, until: hourEnd < until ? hourEnd : until };
    await transaction(connection, async () => {
      await connection.run(rollUpSql(series, span));
      await writeMarks(connection, series, { rolledUntil: span.until, rawSince });
    });
    from = span.until;
  }
}

/**
 * Removes the points of a series whose hour ended at or before `beforeNs`, an hour a transaction, which rolls the hour up anew: points
 * that came late are in it then. Returns how many it removed.
 */
export async function expire(
  connection: DuckDBConnection,
  series: SeriesName,
  beforeNs: bigint,
  mayGoOn: () => boolean,
): Promise<number> {
  const horizon = beforeNs - (beforeNs % SLICE_NS);
  let removed = 0;
  for (const from of await hoursBefore(connection, series, horizon)) {
    if (!mayGoOn()) break;
    const span: Span = { from, until: from + SLICE_NS };
    await transaction(connection, async () => {
      const { rolledUntil, rawSince } = await readMarks(connection, series);
      // Of an hour whose points are gone already, these are ones that came after that: their rollup stands beside the first.
      if (rawSince === null || from >= rawSince)
        await connection.run(`DELETE FROM ${quote(rollupTable(series))} ${within(span)}`);
      await connection.run(rollUpSql(series, span));
      const result = await connection.run(`DELETE FROM ${quote(series)} ${within(span)}`);
      removed += result.rowsChanged;
      await writeMarks(connection, series, {
        rolledUntil: later(rolledUntil, span.until),
        rawSince: later(rawSince, span.until),
      });
    });
  }
  return removed;
}

/** Starts of the hours before `horizon` of which there are points, the oldest first. */
async function hoursBefore(
  connection: DuckDBConnection,
  series: SeriesName,
  horizon: bigint,
): Promise<readonly bigint[]> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT epoch_ns("time") // ${SLICE_NS} AS hour FROM ${quote(series)}
     WHERE "time" < make_timestamp_ns(${horizon}) ORDER BY hour`,
  );
  return reader.getRows().map(([hour]) => (hour as bigint) * SLICE_NS);
}

async function firstMinute(connection: DuckDBConnection, series: SeriesName): Promise<bigint | null> {
  const reader = await connection.runAndReadAll(`SELECT epoch_ns(min("time")) FROM ${quote(series)}`);
  const first = (reader.getRows()[0]?.[0] ?? null) as bigint | null;
  return first === null ? null : first - (first % ROLLUP_NS);
}

function later(mark: bigint | null, time: bigint): bigint {
  return mark !== null && mark > time ? mark : time;
}

async function transaction(connection: DuckDBConnection, work: () => Promise<void>): Promise<void> {
  await connection.run('BEGIN');
  try {
    await work();
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
