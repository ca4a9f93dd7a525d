import type { DuckDBConnection } from '@duckdb/node-api';
import type { SeriesName } from '../metrics/schema';
import { LATE_TABLE, type RollupFront } from './rollup-front';
import { quote } from './quote';
import { fewerRanksSql, rankedColumns, ranksSql, ranksTable, sourcesSql } from './ranks';
import { ROLLUPS, type RollupUnit, rollupTable } from './rollup-columns';
import { type RollupProgress, readProgress, writeProgress } from './rollup-progress';
import { rollUpSql } from './rollup-sql';
import { type TimeRange, beginOf, whereTime } from './time-range';

/** The range that is removed or rolled up anew in one transaction. */
const SLICE_NS = ROLLUPS.hour.ns;

/** The most that is rolled up in one transaction. */
const LONG_SLICE_NS = 24n * SLICE_NS;

/** The range that is ranked in one statement: a day of a busy node would take 500 MB. */
const RANKED_NS = 6n * SLICE_NS;

/** Called before each piece of work. The work ends if it returns false. */
export type MayGoOn = () => boolean | Promise<boolean>;

/** What a pass needs to roll up points while others are written. */
export interface Roller {
  readonly connection: DuckDBConnection;
  readonly front: RollupFront;
  readonly mayGoOn: MayGoOn;
}

/**
 * Rolls up a series. First it rolls up again the hours that got late points. Then it rolls up the minutes and
 * hours that end at or before `untilNs`, the oldest first, at most a day in one transaction.
 */
export async function rollUp(roller: Roller, series: SeriesName, untilNs: bigint): Promise<void> {
  const progress = await readProgress(roller.connection, series);
  await rollLate(roller, series, progress.late);
  for (const unit of ['minute', 'hour'] as const)
    await advance(roller, series, unit, { since: untilOf(progress, unit), untilNs });
}

async function advance(
  { connection, front, mayGoOn }: Roller,
  series: SeriesName,
  unit: RollupUnit,
  { since, untilNs }: { readonly since: bigint | null; readonly untilNs: bigint },
): Promise<void> {
  let from = since ?? (await firstBucket(connection, series, unit));
  const until = beginOf(unit, untilNs);
  while (from !== null && from < until && (await mayGoOn())) {
    // Ranges without points are skipped. Otherwise a point of 1970 would cost a step for each day since then.
    const next = await firstBucket(connection, series, unit, from);
    const reach = sliceEnd(next ?? until, until);
    await front.advance(series, reach);
    // All points before `reach` are committed now, and an earlier one may have come meanwhile.
    const first = await firstBucket(connection, series, unit, from);
    const range: TimeRange = { from: first ?? reach, until: sliceEnd(first ?? reach, reach) };
    await transaction(connection, async () => {
      if (range.from < range.until) await insertRollups(connection, series, unit, range);
      const now = await readProgress(connection, series);
      const reached = unit === 'minute' ? { rolledUntil: range.until } : { hoursUntil: range.until };
      await writeProgress(connection, series, { ...now, ...reached });
    });
    from = range.until;
  }
}

async function rollLate(
  { connection, mayGoOn }: Roller,
  series: SeriesName,
  late: readonly bigint[],
): Promise<void> {
  for (const from of late) {
    if (!(await mayGoOn())) break;
    await transaction(connection, async () => {
      const progress = await readProgress(connection, series);
      // Late points of an hour that was already rolled up and removed are kept apart until they expire too,
      // and then join its rollups.
      if (progress.rawSince === null || from >= progress.rawSince)
        for (const unit of ['minute', 'hour'] as const) {
          const rolled = untilOf(progress, unit) ?? 0n;
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
 * Removes the points of a series whose hour ended at or before `beforeNs`. Each transaction takes an hour and
 * first rolls it up anew, so that late points are in it. Returns the number of removed points.
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
    const range: TimeRange = { from, until: from + SLICE_NS };
    await transaction(connection, async () => {
      const progress = await readProgress(connection, series);
      const { rolledUntil, rawSince, hoursSince, hoursUntil } = progress;
      const isFirst = rawSince === null || from >= rawSince;
      for (const unit of ['minute', 'hour'] as const) {
        // Where the points of the hour were removed before, these came later: their rollup is added beside
        // the first one, without ranks, which would contradict the first.
        if (isFirst) await deleteRollups(connection, series, unit, range);
        if (unit === 'minute' || hoursSince === null || from >= hoursSince)
          await insertRollups(connection, series, unit, range, isFirst);
      }
      const result = await connection.run(`DELETE FROM ${quote(series)} ${whereTime(range)}`);
      removed += result.rowsChanged;
      await forgetLate(connection, series, from);
      await writeProgress(connection, series, {
        rolledUntil: later(rolledUntil, range.until),
        rawSince: later(rawSince, range.until),
        hoursSince,
        hoursUntil: later(hoursUntil, range.until),
      });
    });
  }
  return removed;
}

async function insertRollups(
  connection: DuckDBConnection,
  series: SeriesName,
  unit: RollupUnit,
  range: TimeRange,
  withRanks = true,
): Promise<void> {
  await connection.run(rollUpSql(series, unit, range));
  if (unit === 'minute' || !withRanks || rankedColumns(series).length === 0) return;
  for (let { from } = range; from < range.until; from += RANKED_NS) {
    const end = from + RANKED_NS;
    const part: TimeRange = { from, until: end < range.until ? end : range.until };
    await connection.run(ranksSql(series, part));
    const sources = await connection.runAndReadAll(sourcesSql(series, part));
    await connection.run(fewerRanksSql(series, part, sources.getRows()[0]?.[0] === 1n));
  }
}

async function deleteRollups(
  connection: DuckDBConnection,
  series: SeriesName,
  unit: RollupUnit,
  range: TimeRange,
): Promise<void> {
  await connection.run(`DELETE FROM ${quote(rollupTable(series, unit))} ${whereTime(range)}`);
  if (unit === 'hour' && rankedColumns(series).length > 0)
    await connection.run(`DELETE FROM ${quote(ranksTable(series))} ${whereTime(range)}`);
}

async function forgetLate(connection: DuckDBConnection, series: SeriesName, hour: bigint): Promise<void> {
  await connection.run(`DELETE FROM ${LATE_TABLE} WHERE series = $1 AND hour = make_timestamp_ns(${hour})`, [
    series,
  ]);
}

/** Begins of the hours before `horizon` that have points, the oldest first. */
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

/** The end of the slice that begins with a bucket: a day later at most, and not after `until`. */
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
