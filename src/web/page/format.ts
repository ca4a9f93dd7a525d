import type { Unit } from '../../panels/panel';

/** Separates groups of three digits: a narrow no-break space, which is a decimal sign in no locale. */
const GROUP = '\u202f';

/** Between a number and its unit. */
const SPACE = '\u00a0';

const SATOSHI_PER_BTC = 100_000_000;

/** From this many satoshi on, an amount is shown in BTC. */
const BTC_FROM = 1_000_000;

const DAY_MS = 86_400_000;

/** From this many milliseconds on, a duration is shown in days. */
const DAYS_FROM = 2 * DAY_MS;

/** A factor of a unit and its name. */
interface Scale {
  readonly factor: number;
  readonly name: string;
}

const plain = (name: string): readonly Scale[] => [{ factor: 1, name }];
const powers = (names: readonly string[]): readonly Scale[] =>
  names.map((name, power) => ({ factor: 1000 ** power, name }));

const SCALES: Readonly<Record<Unit, readonly Scale[]>> = {
  count: plain(''),
  height: plain(''),
  percent: plain('%'),
  'per minute': plain('/min'),
  'sat/vB': plain('sat/vB'),
  bytes: powers(['B', 'kB', 'MB', 'GB', 'TB']),
  'bytes/s': powers(['B/s', 'kB/s', 'MB/s', 'GB/s']),
  vB: powers(['vB', 'kvB', 'MvB']),
  sat: [
    { factor: 1, name: 'sat' },
    { factor: SATOSHI_PER_BTC, name: 'BTC' },
  ],
  ms: [
    { factor: 1, name: 'ms' },
    { factor: 1000, name: 's' },
    { factor: 60_000, name: 'min' },
    { factor: 3_600_000, name: 'h' },
    { factor: DAY_MS, name: 'd' },
  ],
};

/** A value with its unit, in three or four significant digits: `1.23 MB`, `0.5 BTC`, `840 000`. */
export function formatValue(value: number, unit: Unit): string {
  const { factor, name } = scaleOf(value, unit);
  return withUnit(digits(value / factor), name);
}

/** What is shown of a value that is not known. */
export const UNKNOWN = '–';

/** A value as text, if it is known. */
export function known(value: number | null, write: (value: number) => string): string {
  return value === null ? UNKNOWN : write(value);
}

/** Formats the values of a panel, rounded if they count whole things. */
export function valueWriter(unit: Unit, isWhole: boolean): (value: number) => string {
  return (value) => formatValue(isWhole ? Math.round(value) : value, unit);
}

/** The unit beside the title of a panel. Counts and heights have none, and each duration says its own. */
export function titleUnit(unit: Unit): string {
  return unit === 'count' || unit === 'height' || unit === 'ms' ? '' : unit;
}

/**
 * Formats the ticks of an axis: all in the scale of the largest value, with thousands shortened. A duration
 * has the largest unit in which it is whole, or a half: no 1.667 min.
 */
export function axisFormat(unit: Unit, largest: number): (value: number) => string {
  if (unit === 'height') return (value) => digits(value);
  if (unit === 'ms') return (value) => durationTick(value);
  const { factor, name } = scaleOf(largest, unit);
  return (value) => withUnit(short(value / factor), name);
}

/** Formats a whole number in groups of three digits, and another number with its significant decimals. */
export function digits(value: number): string {
  if (Number.isInteger(value)) return grouped(value.toFixed(0));
  const size = Math.abs(value);
  if (size >= 1000) return grouped(value.toFixed(0));
  return trimmed(size >= 1 ? value.toPrecision(Math.max(3, Math.ceil(Math.log10(size)))) : tiny(value));
}

/** A duration in its largest unit, and the next one if the number is small: `3 min 20 s`, `2 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return withUnit(String(seconds), 's');
  const steps: readonly (readonly [number, string, number, string])[] = [
    [3600, 'min', 60, 's'],
    [86_400, 'h', 3600, 'min'],
    [Infinity, 'd', 86_400, 'h'],
  ];
  const [, large, size, small] = steps.find(([below]) => seconds < below) ?? [0, 's', 1, ''];
  const rest = Math.floor((seconds % size) / (size === 86_400 ? 3600 : size / 60));
  const whole = Math.floor(seconds / size);
  const first = withUnit(String(whole), large);
  return rest === 0 || whole >= 10 ? first : `${first} ${withUnit(String(rest), small)}`;
}

/** A time in the user's time zone: `2026-01-31 14:05:09`. */
export function formatTime(ms: number): string {
  const date = new Date(ms);
  return `${formatDay(date)} ${formatClock(date, true)}`;
}

/** `2026-01-31`. */
export function formatDay(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `14:05`, or with seconds `14:05:09`. */
export function formatClock(date: Date, seconds: boolean): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}${seconds ? `:${two(date.getSeconds())}` : ''}`;
}

function durationTick(value: number): string {
  const size = Math.abs(value);
  const isEven = ({ factor }: Scale): boolean => size >= factor && Number.isInteger((size / factor) * 2);
  const { factor, name } = SCALES.ms.findLast(isEven) ?? scaleOf(value, 'ms');
  return withUnit(short(value / factor), name);
}

function scaleOf(value: number, unit: Unit): Scale {
  const scales = SCALES[unit];
  const size = Math.abs(value);
  const from = ({ factor, name }: Scale): number =>
    name === 'BTC' ? BTC_FROM : name === 'd' ? DAYS_FROM : factor;
  return scales.findLast((scale) => size >= from(scale)) ?? scales[0] ?? { factor: 1, name: '' };
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return `${trimmed((value / 1e15).toPrecision(4))}P`;
  if (size >= 1e12) return `${trimmed((value / 1e12).toPrecision(4))}T`;
  if (size >= 1e9) return `${trimmed((value / 1e9).toPrecision(4))}G`;
  if (size >= 1e6) return `${trimmed((value / 1e6).toPrecision(4))}M`;
  if (size >= 10_000) return `${trimmed((value / 1e3).toPrecision(4))}k`;
  return Number.isInteger(value) ? grouped(String(value)) : trimmed(value.toPrecision(4));
}

/** A number below 1 with three digits: at most eight decimals, a satoshi; below that its power of ten. */
function tiny(value: number): string {
  const size = Math.abs(value);
  return size < 1e-8 ? value.toExponential(2) : value.toFixed(Math.min(8, 2 - Math.floor(Math.log10(size))));
}

function trimmed(text: string): string {
  return text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;
}

function grouped(text: string): string {
  return text.replace(/\B(?=(\d{3})+$)/g, GROUP);
}

function withUnit(text: string, name: string): string {
  return name === '' ? text : text + SPACE + name;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** The network of an address; Core's name for a private one is long. */
export function networkWord(network: string | null): string {
  return network === 'not_publicly_routable' ? 'local' : (network ?? UNKNOWN);
}
