import { FailureError } from './errors';

/**
 * Times are multiples of this many nanoseconds, plus a remainder that differs each time the clock was set
 * back (`SystemClock`). A power of 2.
 */
export const GRID_NS = 64n;

/**
 * Points can have the times from 1970 to 2262: nanoseconds in 64 bits, without those that InfluxDB and DuckDB
 * reserve.
 */
const FIRST_MS = 0;
const LAST_MS = Date.UTC(2262, 0, 1);

/** The remainder of a time. */
export function remainderOf(time: bigint): bigint {
  return time & (GRID_NS - 1n);
}

/**
 * Checks that the system's clock has a time that points can have.
 * @throws FailureError
 */
export function checkSystemTime(wallMs = Date.now()): void {
  if (isPointTime(wallMs)) return;
  const shown = new Date(wallMs).toISOString();
  throw new FailureError(
    `the system's clock is at ${shown}: set it right first, as points can have times from 1970 to 2261`,
  );
}

/** Whether a time, in Unix milliseconds, is one that points can have. */
export function isPointTime(wallMs: number): boolean {
  return wallMs >= FIRST_MS && wallMs < LAST_MS;
}
