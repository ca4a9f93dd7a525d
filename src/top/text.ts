import type { NodeName } from './data';

const UNITS = ['', 'k', 'M', 'G', 'T', 'P'];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A number in at most four characters up to 999 quadrillion: `0.25`, `9.9`, `512`, `1.2k`, `34M`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  let rest = Math.abs(value);
  let unit = 0;
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1_000;
    unit += 1;
  }
  const digits =
    rest >= 9.95 || (unit === 0 && Number.isInteger(rest)) ? 0 : unit === 0 && rest < 0.995 ? 2 : 1;
  return `${value < 0 ? '-' : ''}${rest.toFixed(digits)}${UNITS[unit] ?? ''}`;
}

/** A duration in at most four characters: `5s`, `59m`, `47h`, `30d`. */
export function age(ms: number): string {
  const value = Math.max(0, ms);
  if (value < MINUTE) return `${Math.floor(value / SECOND)}s`;
  if (value < HOUR) return `${Math.floor(value / MINUTE)}m`;
  return value < 2 * DAY ? `${Math.floor(value / HOUR)}h` : `${Math.floor(value / DAY)}d`;
}

/** A duration in two units: `3d 4h`, `12m 5s`. */
export function longAge(ms: number): string {
  const value = Math.max(0, ms);
  const part = (whole: number, unit: number): number => Math.floor((value % whole) / unit);
  if (value < MINUTE) return age(value);
  if (value < HOUR) return `${age(value)} ${part(MINUTE, SECOND)}s`;
  if (value < DAY) return `${age(value)} ${part(HOUR, MINUTE)}m`;
  return `${Math.floor(value / DAY)}d ${part(DAY, HOUR)}h`;
}

/** Milliseconds in at most five characters: `0.4`, `12.3`, `1240`. */
export function millis(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 99.95 ? ms.toFixed(1) : ms < 99_999.5 ? ms.toFixed(0) : '>99s';
}

/** A whole number with separated thousands. */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Cuts a text that is too long at its end; `~` marks the cut. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 1 ? text.slice(0, width) : `${text.slice(0, width - 1)}~`;
}

/** Cuts a text in its middle, so that the port of an address and the end of a hash stay. */
export function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return width <= 3
    ? cut(text, width)
    : `${text.slice(0, width - 1 - tail)}~${text.slice(text.length - tail)}`;
}

/**
 * Replaces everything but printable ASCII; quotes and dashes of a text by those of ASCII. Every line passes
 * through this before it is written to a terminal.
 */
export function clean(text: string): string {
  return text
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[–—−]/g, '-')
    .replace(/[^\x20-\x7e]/g, '?');
}

/** Breaks a text between words into lines of this width; the last of `most` lines has the rest. */
export function wrapped(text: string, width: number, most: number): readonly string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? word : `${last} ${word}`;
    if (last !== '' && longer.length > width && lines.length < most) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** A node as `name/network`. A collector of other nodes' points is on no network. */
export function nameOf({ node, network }: NodeName): string {
  return network === '' ? node : `${node}/${network}`;
}
