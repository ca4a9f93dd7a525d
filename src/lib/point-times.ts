import { FailureError } from './errors';

/**
 * Times lie this many nanoseconds apart; their remainder tells passes of the clock over the same time from
 * each other. A power of 2.
 */
export const GRID_NS = 64n;

/**
 * Points can have times from 1970 to 2262 (nanoseconds in 64 bits, of which InfluxDB and DuckDB keep some for
 * themselves).
 */
const FIRST_MS = 0;
const LAST_MS = Date.UTC(2262, 0, 1);

/** The remainder of a time: what passes over the same time differ in. */
export function remainderOf(time: bigint): bigint {
  return time & (GRID_NS - 1n);
}

/**
 * Holds that points can have the time that the system's clock is at.
 * @throws FailureError
 */
export function checkTime(wallMs = Date.now()): void {
  if (isPossible(wallMs)) return;
  const shown = new Date(wallMs).toISOString();
  throw new FailureError(
    `the system's clock is at ${shown}: set it right first, as points can have times from 1970 to 2261`,
  );
}

/** Whether points can have a time, in Unix milliseconds. */
export function isPossible(wallMs: number): boolean {
  return wallMs >= FIRST_MS && wallMs < LAST_MS;
}
