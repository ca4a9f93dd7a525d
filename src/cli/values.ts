import { parseDuration } from '../duration';
import { UsageError } from '../errors';

/** Below this the points of an interval cost more than they tell. */
const LEAST_INTERVAL_MS = 100;

/** A tag of every point: a long name would cost bytes in each. */
export function nodeName(name: string): string {
  if (!/^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(name))
    throw new UsageError(`--node ${JSON.stringify(name)}: give a name of 1 to 64 printable ASCII characters`);
  return name;
}

/** Milliseconds of `--interval`. */
export function intervalMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms < LEAST_INTERVAL_MS)
    throw new UsageError(`--interval ${text}: give a duration from 100ms up, such as 5s or 1m`);
  return ms;
}

/** The number that the value of an option is, from 1 to `max`; throws UsageError naming both where it is none. */
export function positive(option: string, text: string, max = 999_999_999): number {
  const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= max) return number;
  const right = max < 999_999_999 ? `from 1 to ${max}` : 'from 1 up';
  throw new UsageError(`${option} ${text}: give a whole number ${right}`);
}
