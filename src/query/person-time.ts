import { UsageError } from '../lib/errors';
import { formatNs, parseTime } from './time';

/** What times of a person count from: a clock and a time zone, such as `Europe/Berlin`. */
export interface Now {
  readonly ns: bigint;
  readonly zone: string;
}

const NS_PER_MS = 1_000_000n;
const DAY_MS = 86_400_000;

/** Words for a day, and how many days ago it began. */
const DAYS_AGO: ReadonlyMap<string, number> = new Map([
  ['today', 0],
  ['yesterday', 1],
]);

/** A day, a time of day, or both, without a zone. */
const LOCAL = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?$/;
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;

/** Numbers with fewer digits are no Unix seconds that anybody means: they would be in 1970 to 1973. */
const FEWEST_DIGITS = 9;

/** The zone of this machine, which TZ sets. */
export function systemZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * Parses a time as people write it, to nanoseconds since the Unix epoch. It takes what `parseTime` takes,
 * `today` and `yesterday` (their beginning), `02:00` (the last one), and days and times without a zone, which
 * are in the zone of `now`.
 * @throws UsageError naming `option`, the value and what would be right
 */
export function parsePersonTime(option: string, text: string, now: Now): bigint {
  const given = text.trim();
  const words = given.toLowerCase();
  const plain = words.replace(/ +ago$/, '');
  const days = DAYS_AGO.get(words);
  if (days !== undefined) return inZone(dayOf(now, days), now.zone);
  const clock = CLOCK.exec(given);
  if (clock !== null) return lastClock(clock, now);
  if (/^\d+$/.test(given) && given !== '0' && given.length < FEWEST_DIGITS)
    throw new UsageError(`${option} ${text}: not a time; ${meant(given)}`);
  if (/^\d{13}$/.test(given))
    throw new UsageError(
      `${option} ${text}: not a time; Unix times are in seconds: give ${given.slice(0, -3)}`,
    );
  if (/^-\d+[a-z]/.test(given))
    throw new UsageError(`${option} ${text}: not a time; durations count back: give ${given.slice(1)}`);
  try {
    if (LOCAL.test(given)) return local(option, given, now);
    return parseTime(option, plain === 'now' ? 'now' : plain === words ? given : plain, now.ns);
  } catch (error) {
    if (!(error instanceof UsageError) || !error.message.includes('not a time')) throw error;
    throw new UsageError(
      `${option} ${text}: not a time; give a duration ago (90s, 1h30m, 7d), today, yesterday, 02:00, 2026-11-01, 2026-11-01T10:00:00Z or Unix seconds`,
    );
  }
}

/** A day, or a time of a day, in the zone of `now`. */
function local(option: string, text: string, now: Now): bigint {
  // Checks the day of the calendar as well: a text is right in UTC wherever it is right.
  const wallNs = parseTime(option, text.length > 'YYYY-MM-DD'.length ? `${text}Z` : text, now.ns);
  const wallMs = wallNs / NS_PER_MS;
  return inZone(Number(wallMs), now.zone) + (wallNs - wallMs * NS_PER_MS);
}

/** The text of a time that `parseTime` reads back. */
export function personTimeText(option: string, text: string, now: Now): string {
  return formatNs(parsePersonTime(option, text, now));
}

/** Suggestions for a number without a unit. */
function meant(digits: string): string {
  const [, year = '', month = '', day = ''] = /^((?:19|20)\d\d)(\d\d)?(\d\d)?$/.exec(digits) ?? [];
  if (year !== '' && digits.length !== 6)
    return `give a day as ${year}-${month === '' ? '01' : month}-${day === '' ? '01' : day}`;
  return `give a duration ago with its unit, such as ${digits}m or ${digits}h`;
}

/** The beginning of a day so many days before now, in the milliseconds that UTC would have then. */
function dayOf({ ns, zone }: Now, daysAgo: number): number {
  const ms = Number(ns / NS_PER_MS);
  const wall = ms + offsetMs(ms, zone);
  return Math.floor(wall / DAY_MS) * DAY_MS - daysAgo * DAY_MS;
}

/** The last time that clocks of the zone showed this. */
function lastClock([, hour = '0', minute = '0', second = '0']: RegExpExecArray, now: Now): bigint {
  const wall = (Number(hour) * 3_600 + Number(minute) * 60 + Number(second)) * 1_000;
  const today = inZone(dayOf(now, 0) + wall, now.zone);
  return today <= now.ns ? today : inZone(dayOf(now, 1) + wall, now.zone);
}

/**
 * The time at which clocks of a zone show what clocks of UTC show at `wallMs`. If clocks were set back, there
 * are two such times, and it is the earlier one. If clocks were set forward past it, it is that much later.
 */
function inZone(wallMs: number, zone: string): bigint {
  const before = offsetMs(wallMs - DAY_MS, zone);
  const after = offsetMs(wallMs + DAY_MS, zone);
  const found = [before, after]
    .map((offset) => wallMs - offset)
    .filter((ms) => ms + offsetMs(ms, zone) === wallMs);
  const ms = found.length === 0 ? wallMs - before : Math.min(...found);
  // East of Greenwich the first hours of 1970 are before the epoch, where no point is.
  return BigInt(Math.max(0, ms)) * NS_PER_MS;
}

/** How many milliseconds clocks of a zone are ahead of UTC at a time. */
function offsetMs(ms: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', era: 'short' },
    ...{
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    },
  });
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(ms / 1_000) * 1_000;
}
