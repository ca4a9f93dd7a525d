import { FailureError } from './errors';

/**
 * Times are multiples of this many nanoseconds, plus a remainder that differs each time the clock was set
 * back (`SystemClock`). A power of 2.
 */
export const GRID_NS = 64n;

/**
 * The times that points can have, from 1970 to 2262: nanoseconds in 64 bits, some of which InfluxDB and
 * DuckDB reserve.
 */
const FIRST_MS = 0;
const LAST_MS = Date.UTC(2262, 0, 1);

/** The remainder of a time. */
export function remainderOf(time: bigint): bigint {
  return time & (GRID_NS - 1n);
}

/**
 * Checks that points can have the time of the system's clock.
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
