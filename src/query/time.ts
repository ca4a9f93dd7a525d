import { parseDuration as durationMs } from '../lib/duration';
import { checkSystemTime } from '../lib/point-times';
import { UsageError } from '../lib/errors';

const NS_PER_SECOND = 1_000_000_000n;

/** The last nanosecond that both stores can hold; InfluxDB reserves the two after it. */
export const MAX_NS = 9_223_372_036_854_775_805n;

const UNIX = /^(\d{1,12})(?:\.(\d{1,9}))?$/;
const RFC3339 =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(?:[Zz]|([+-])(\d\d):(\d\d))?$/;

/** From `since`, inclusive, to `until`, exclusive, in nanoseconds. */
export interface Period {
  readonly since: bigint;
  readonly until: bigint;
}

/**
 * Current time in nanoseconds since the Unix epoch, by the system's clock, with a precision of milliseconds.
 * @throws FailureError if the clock is at a time that no point can have
 */
export function nowNs(): bigint {
  checkSystemTime();
  return BigInt(Date.now()) * 1_000_000n;
}

/**
 * Parses the period between two times; the second defaults to now. `dashes` is put before their names in
 * errors.
 * @throws UsageError naming one of them, the value and what would be right
 */
export function parsePeriod(
  { since, until }: { readonly since: string; readonly until?: string | undefined },
  now: bigint,
  dashes: '--' | '' = '--',
): Period {
  const period = {
    since: parseTime(`${dashes}since`, since, now),
    until: until === undefined ? now : parseTime(`${dashes}until`, until, now),
  };
  if (period.since < period.until) return period;
  throw new UsageError(
    `${dashes}since ${formatNs(period.since)} is not before ${dashes}until ${formatNs(period.until)}`,
  );
}

/**
 * Parses a duration to nanoseconds: numbers and units, `30s 5m 1h30m 7d 2w`.
 * @throws UsageError naming `option`
 */
export function parseDuration(option: string, text: string): bigint {
  const ns = durationNs(text);
  if (ns === null || ns === 0n || ns > MAX_NS)
    throw new UsageError(
      `${option} ${text}: not a duration; use a number and a unit, such as 30s 5m 1h30m 7d 2w`,
    );
  return ns;
}

/**
 * Parses a time to nanoseconds since the Unix epoch: a duration ago (`1h`), RFC 3339 (`2026-01-31`,
 * `2026-01-31T10:00:00Z`; UTC if it names no zone), Unix seconds (`1700000000`, `1700000000.5`) or `now`.
 * @throws UsageError naming `option`
 */
export function parseTime(option: string, text: string, nowNs: bigint): bigint {
  const ns = text === 'now' ? nowNs : (agoNs(text, nowNs) ?? unixNs(text) ?? rfc3339Ns(text));
  if (ns === null)
    throw new UsageError(
      `${option} ${text}: not a time; use a duration ago (1h), RFC 3339 (2026-01-31T10:00:00Z) or Unix seconds`,
    );
  if (ns < 0n || ns > MAX_NS)
    throw new UsageError(
      `${option} ${text}: out of range; times go from 1970 to 2262 (Unix times in seconds)`,
    );
  return ns;
}

/** RFC 3339 in UTC with nine digits of the second, which every tool sorts correctly. */
export function formatNs(ns: bigint): string {
  const seconds = ns / NS_PER_SECOND - (ns % NS_PER_SECOND < 0n ? 1n : 0n);
  const date = new Date(Number(seconds) * 1000);
  // A raw statement may return times (infinity) that no calendar has.
  if (Number.isNaN(date.getTime())) return `${ns}ns`;
  const fraction = String(ns - seconds * NS_PER_SECOND).padStart(9, '0');
  return `${date.toISOString().slice(0, -5)}.${fraction}Z`;
}

/** Nanoseconds of an RFC 3339 time; null if `text` is not one. */
export function rfc3339Ns(text: string): bigint | null {
  const match = RFC3339.exec(text);
  if (match === null) return null;
  const [, day = '', clock = '00:00:00', fraction = '', sign, hours = '0', minutes = '0'] = match;
  const iso = `${day}T${clock.length === 5 ? `${clock}:00` : clock}`;
  const ms = Date.parse(`${iso}Z`);
  // Date.parse turns 30 February into a day in March.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(iso)) return null;
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  const zone = BigInt(Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1n : 1n);
  return (BigInt(ms / 1000) - zone) * NS_PER_SECOND + BigInt(fraction.padEnd(9, '0'));
}

function durationNs(text: string): bigint | null {
  const ms = durationMs(text);
  // InfluxQL has no fractions of a unit, and nobody needs a fraction of a millisecond.
  return ms === null || !Number.isSafeInteger(ms) ? null : BigInt(ms) * 1_000_000n;
}

function agoNs(text: string, nowNs: bigint): bigint | null {
  const ns = durationNs(text);
  return ns === null ? null : nowNs - ns;
}

function unixNs(text: string): bigint | null {
  const match = UNIX.exec(text);
  if (match === null) return null;
  const [, seconds = '', fraction = ''] = match;
  return BigInt(seconds) * NS_PER_SECOND + BigInt(fraction.padEnd(9, '0'));
}
