import type { DuckDBConnection } from '@duckdb/node-api';
import type { SeriesName } from '../metrics/schema';
import { LATE_TABLE, type RollupFront } from './rollup-front';
import { quote } from './quote';
import { fewerRanksSql, rankedColumns, ranksSql, ranksTable, sourcesSql } from './ranks';
import { ROLLUPS, type RollupUnit, rollupTable } from './rollup-columns';
import { type RollupProgress, readProgress, writeProgress } from './rollup-progress';
import { rollUpSql } from './rollup-sql';
import { type TimeRange, beginOf, whereTime } from './time-range';

/** What is removed or rolled up anew in one transaction. */
const SLICE_NS = ROLLUPS.hour.ns;

/** What is rolled up in one transaction, where so much is due. */
const LONG_SLICE_NS = 24n * SLICE_NS;

/** Of that, what is ranked in one statement: a day of a busy node would take 500 MB. */
const RANKED_NS = 6n * SLICE_NS;

/** Asked before each piece of work; no ends it. */
export type MayGoOn = () => boolean | Promise<boolean>;

/** What rolls points up beside others that write them. */
export interface Roller {
  readonly connection: DuckDBConnection;
  readonly front: RollupFront;
  readonly mayGoOn: MayGoOn;
}

/**
 * Rolls a series up: hours to which points came late anew, then minutes and hours that end at or before
 * `untilNs`, the oldest first, a day at most in a transaction.
 */
export async function rollUp(roller: Roller, series: SeriesName, untilNs: bigint): Promise<void> {
  await rollLate(roller, series);
  for (const unit of ['minute', 'hour'] as const) await advance(roller, series, unit, untilNs);
}

async function advance(
  { connection, front, mayGoOn }: Roller,
  series: SeriesName,
  unit: RollupUnit,
  untilNs: bigint,
): Promise<void> {
  const marks = await readProgress(connection, series);
  let from = untilOf(marks, unit) ?? (await firstBucket(connection, series, unit));
  const until = beginOf(unit, untilNs);
  while (from !== null && from < until && (await mayGoOn())) {
    // Where there are no points there is nothing to do: one of 1970 does not cost all the days since.
    const next = await firstBucket(connection, series, unit, from);
    const reach = sliceEnd(next ?? until, until);
    await front.advance(series, reach);
    // Those before it are all there now, and some may have come meanwhile.
    const first = await firstBucket(connection, series, unit, from);
    const span: TimeRange = { from: first ?? reach, until: sliceEnd(first ?? reach, reach) };
    await transaction(connection, async () => {
      if (span.from < span.until) await insertRollups(connection, series, unit, span);
      const now = await readProgress(connection, series);
      const reached = unit === 'minute' ? { rolledUntil: span.until } : { hoursUntil: span.until };
      await writeProgress(connection, series, { ...now, ...reached });
    });
    from = span.until;
  }
}

async function rollLate({ connection, mayGoOn }: Roller, series: SeriesName): Promise<void> {
  const { late } = await readProgress(connection, series);
  for (const from of late) {
    if (!(await mayGoOn())) break;
    await transaction(connection, async () => {
      const marks = await readProgress(connection, series);
      // Of an hour whose points are gone the late ones wait until they are removed as well, and stand beside
      // the others then.
      if (marks.rawSince === null || from >= marks.rawSince)
        for (const unit of ['minute', 'hour'] as const) {
          const rolled = untilOf(marks, unit) ?? 0n;
          const end = from + SLICE_NS < rolled ? from + SLICE_NS : rolled;
          if (end <= from) continue;
          await deleteRollups(connection, series, unit, { from, until: end });
          await insertRollups(connection, series, unit, { from, until: end });
        }
      await forgetLate(connection, series, from);
    });
  }
}

/**
 * Removes the points of a series whose hour ended at or before `beforeNs`, an hour a transaction, which rolls
 * the hour up anew: points that came late are in it then. Returns how many it removed.
 */
export async function expire(
  connection: DuckDBConnection,
  series: SeriesName,
  beforeNs: bigint,
  mayGoOn: MayGoOn,
): Promise<number> {
  let removed = 0;
  for (const from of await hoursBefore(connection, series, beginOf('hour', beforeNs))) {
    if (!(await mayGoOn())) break;
    const span: TimeRange = { from, until: from + SLICE_NS };
    await transaction(connection, async () => {
      const marks = await readProgress(connection, series);
      const { rolledUntil, rawSince, hoursSince, hoursUntil } = marks;
      const isFirst = rawSince === null || from >= rawSince;
      for (const unit of ['minute', 'hour'] as const) {
        // Of an hour whose points are gone already, these are ones that came after that: their rollup stands
        // beside the first, but their ranks would contradict it.
        if (isFirst) await deleteRollups(connection, series, unit, span);
        if (unit === 'minute' || hoursSince === null || from >= hoursSince)
          await insertRollups(connection, series, unit, span, isFirst);
      }
      const result = await connection.run(`DELETE FROM ${quote(series)} ${whereTime(span)}`);
      removed += result.rowsChanged;
      await forgetLate(connection, series, from);
      await writeProgress(connection, series, {
        rolledUntil: later(rolledUntil, span.until),
        rawSince: later(rawSince, span.until),
        hoursSince,
        hoursUntil: later(hoursUntil, span.until),
      });
    });
  }
  return removed;
}

async function insertRollups(
  connection: DuckDBConnection,
  series: SeriesName,
  unit: RollupUnit,
  span: TimeRange,
  withRanks = true,
): Promise<void> {
  await connection.run(rollUpSql(series, unit, span));
  if (unit === 'minute' || !withRanks || rankedColumns(series).length === 0) return;
  for (let { from } = span; from < span.until; from += RANKED_NS) {
    const end = from + RANKED_NS;
    const part: TimeRange = { from, until: end < span.until ? end : span.until };
    await connection.run(ranksSql(series, part));
    const sources = await connection.runAndReadAll(sourcesSql(series, part));
    await connection.run(fewerRanksSql(series, part, sources.getRows()[0]?.[0] === 1n));
  }
}

async function deleteRollups(
  connection: DuckDBConnection,
  series: SeriesName,
  unit: RollupUnit,
  span: TimeRange,
): Promise<void> {
  await connection.run(`DELETE FROM ${quote(rollupTable(series, unit))} ${whereTime(span)}`);
  if (unit === 'hour' && rankedColumns(series).length > 0)
    await connection.run(`DELETE FROM ${quote(ranksTable(series))} ${whereTime(span)}`);
}

async function forgetLate(connection: DuckDBConnection, series: SeriesName, hour: bigint): Promise<void> {
  await connection.run(`DELETE FROM ${LATE_TABLE} WHERE series = $1 AND hour = make_timestamp_ns(${hour})`, [
    series,
  ]);
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

/** Where the slice that begins with a bucket ends: a day later at most, and not behind `until`. */
function sliceEnd(from: bigint, until: bigint): bigint {
  const end = beginOf('hour', from) + LONG_SLICE_NS;
  return end < until ? end : until;
}

/** The first bucket, from a time on where one is given, that has points. */
async function firstBucket(
  connection: DuckDBConnection,
  series: SeriesName,
  unit: RollupUnit,
  from?: bigint,
): Promise<bigint | null> {
  const where = from === undefined ? '' : `WHERE "time" >= make_timestamp_ns(${from})`;
  const reader = await connection.runAndReadAll(
    `SELECT epoch_ns(min("time")) FROM ${quote(series)} ${where}`,
  );
  const first = (reader.getRows()[0]?.[0] ?? null) as bigint | null;
  return first === null ? null : beginOf(unit, first);
}

function untilOf({ rolledUntil, hoursUntil }: RollupProgress, unit: RollupUnit): bigint | null {
  return unit === 'minute' ? rolledUntil : hoursUntil;
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
