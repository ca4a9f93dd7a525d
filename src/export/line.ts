import type { Point } from '../metrics/point';
import {
  type Names,
  type Rejection,
  UNKNOWN_SERIES,
  emptyProblem,
  namesOf,
  tagProblem,
  timeProblem,
  valueProblem,
} from '../metrics/values';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import { type TakenPoints, takeEach } from '../metrics/take-each';

/** InfluxDB refuses strings and series keys of more than 64 KiB; no line of the schema comes near. */
export const MAX_LINE_BYTES = 65_536;

/** Shared by the lines of a series: its names, and the start of the line for each tag set. */
interface Plan {
  readonly names: Names;
  /** Keyed by identity: points share one object per tag set. An entry is freed with its object. */
  readonly prefixes: WeakMap<Point['tags'], string | Rejection>;
}

/**
 * Writes points as lines of InfluxDB's line protocol, by the schema: integers end in `i`, strings are quoted;
 * a column whose value is undefined and a tag whose value is empty are left out. Lines have no newline at
 * their end.
 *
 * A tag set must not change once a point with it was written: the start of the line is cached by identity.
 */
export class LineSerializer {
  private readonly plans = new Map<SeriesName, Plan>(
    SERIES_NAMES.map((name) => [name, { names: namesOf(name), prefixes: new WeakMap() }]),
  );

  /** `maxBytes` is the longest line, in bytes of UTF-8 and without a newline. */
  constructor(private readonly options: { readonly maxBytes: number }) {}

  /** Passes the line of each point to `add`; skips points that can't be written. */
  serializeEach(points: readonly Point[], add: (line: string) => void): TakenPoints {
    return takeEach(points, (point) => {
      const line = this.serialize(point);
      if (typeof line !== 'string') return line;
      add(line);
      return null;
    });
  }

  /** The lines of points, a newline after each; skips points that can't be written. */
  serializeAll(points: readonly Point[]): TakenPoints & { readonly lines: string } {
    let lines = '';
    const taken = this.serializeEach(points, (line) => (lines += `${line}\n`));
    return { lines, ...taken };
  }

  /**
   * The line, or the reason why there is none. A rejection is returned, not thrown: a bad point must stay
   * cheap.
   */
  serialize(point: Point): string | Rejection {
    const { series, fields, tags, time } = point;
    const plan = this.plans.get(series);
    if (plan === undefined) return UNKNOWN_SERIES;
    let prefix = plan.prefixes.get(tags);
    if (prefix === undefined) {
      prefix = prefixOf(series, tags, plan.names);
      plan.prefixes.set(tags, prefix);
    }
    if (typeof prefix !== 'string') return prefix;

    let line = prefix;
    let separator = ' ';
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined) continue;
      const type = plan.names.columns.get(name);
      const problem = valueProblem(series, name, type, value);
      if (problem !== null) return problem;
      line += `${separator}${name}=${typeof value === 'string' ? quote(value) : String(value)}`;
      if (type === 'int') line += 'i';
      separator = ',';
    }
    if (separator === ' ') return emptyProblem(series);
    const badTime = timeProblem(series, time);
    if (badTime !== null) return badTime;
    line += ` ${time}`;
    if (Buffer.byteLength(line) > this.options.maxBytes)
      return { reason: 'too long', detail: `${series}: a line over ${this.options.maxBytes} bytes` };
    return line;
  }
}

/** Measurement and tags. Names come from the schema; a test asserts that none needs escaping. */
function prefixOf(series: SeriesName, tags: Point['tags'], names: Names): string | Rejection {
  const problem = tagProblem(series, tags, names);
  if (problem !== null) return problem;
  let prefix: string = series;
  // InfluxDB stores tags sorted by name, and asks writers to send them so.
  for (const name of Object.keys(tags).sort()) {
    const value = escapeTag(tags[name] ?? '');
    // A newline ends a line even after a backslash.
    if (/[\n\r]/.test(value)) return { reason: 'tag', detail: `${series}.${name}: has a newline` };
    if (value !== '') prefix += `,${name}=${value}`;
  }
  return prefix;
}

/**
 * Escapes a tag value. A backslash escapes a comma, space or equals sign after it, and is literal elsewhere.
 * At the end of a value it would escape the separator after it, and line protocol has no other way to write
 * it there; so it is removed, as in Telegraf.
 */
function escapeTag(value: string): string {
  return value.replace(/\\+$/, '').replace(/[, =]/g, '\\$&');
}

/** Inside quotes only the quote and the backslash are escaped; newlines are literal. */
function quote(value: string): string {
  return `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
}
