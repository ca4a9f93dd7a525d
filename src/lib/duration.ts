/** The units of durations, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The order of units in a duration of several parts. */
const ORDER = Object.keys(UNITS).reverse();

/**
 * The milliseconds of a duration such as `500ms`, `5s`, `1.5h`, `1h30m` or `2w`; null if `text` is no
 * duration. In a duration of several parts the larger units come first, and only the last part may have a
 * fraction.
 */
export function parseDuration(text: string): number | null {
  const parts = Array.from(text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g));
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return null;
  let sum = 0;
  let last = -1;
  for (const [index, [, number = '', unit = '']] of parts.entries()) {
    const rank = ORDER.indexOf(unit);
    if (rank <= last || (number.includes('.') && index < parts.length - 1)) return null;
    last = rank;
    sum += Number(number) * (UNITS[unit] ?? 0);
  }
  return sum;
}
