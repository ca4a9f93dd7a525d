/** The units of durations, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * The milliseconds of a duration such as `500ms`, `5s`, `1.5h`, `30d` or `2w`; null where `text` is no
 * duration.
 */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  return unit === undefined ? null : Number(match?.[1]) * unit;
}
