import type { FieldValue, Point } from '../metrics/point';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import type { ColumnType } from '../metrics/schema-types';
import { type Names, namesOf, timeProblem } from '../metrics/values';
import { NETWORK_NAMES } from '../wire/networks';
import type { LineRefusal } from './line-refusal';

/** The parsed start of a line, shared by the lines of one series and tag set. */
interface Prefix {
  readonly series: SeriesName;
  readonly names: Names;
  readonly tags: Point['tags'];
}

/**
 * Bound of the cached prefixes; a node has some hundreds. A full cache is cleared, so that a sender of
 * made-up names costs time but no memory.
 */
const MAX_PREFIXES = 100_000;

/** Limit of a tag's length, in characters. */
const MAX_TAG_LENGTH = 256;

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const COMMA = 0x2c;
const SPACE = 0x20;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Every spelling that InfluxDB accepts. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((text) => [text, false] as const),
]);

/**
 * Parses the line protocol of nodes, strictly by the schema: known series, tags and columns, values of their
 * types, a node, a time in nanoseconds. Points of one series and tag set share one object of tags.
 */
export class LineParser {
  private readonly series = new Map<string, readonly [SeriesName, Names]>(
    SERIES_NAMES.map((name) => [name, [name, namesOf(name)]]),
  );
  private readonly prefixes = new Map<string, Prefix>();

  /**
   * Parses one line without its newline. A refusal is returned, not thrown: a bad line must stay cheap.
   */
  parse(line: string): Point | LineRefusal {
    let space = line.indexOf(' ');
    while (space > 0 && line.charCodeAt(space - 1) === BACKSLASH) space = line.indexOf(' ', space + 1);
    if (space <= 0) return 'not line protocol';
    const start = line.slice(0, space);
    const prefix = this.prefixes.get(start) ?? this.learn(start);
    if (typeof prefix === 'string') return prefix;

    const fields: Record<string, FieldValue> = {};
    let at = space;
    do {
      const equals = line.indexOf('=', ++at);
      const name = line.slice(at, equals);
      const type = equals < 0 ? undefined : prefix.names.columns.get(name);
      if (type === undefined) return equals >= 0 && NAME.test(name) ? 'unknown column' : 'not line protocol';
      at = endOfValue(line, equals + 1);
      if (at < 0) return 'not line protocol';
      const value = valueOf(type, line, equals + 1, at);
      // A column that comes twice is ambiguous.
      if (value === undefined || fields[name] !== undefined) return 'bad value';
      fields[name] = value;
    } while (line.charCodeAt(at) === COMMA);

    const time = line.slice(at + 1);
    if (!TIME.test(time)) return 'no time';
    const { series, tags } = prefix;
    const point: Point = { series, tags, fields, time: BigInt(time) };
    return timeProblem(series, point.time) === null ? point : 'no time';
  }

  private learn(start: string): Prefix | LineRefusal {
    const [first = '', ...pairs] = split(start, COMMA);
    if (!NAME.test(first)) return 'not line protocol';
    const known = this.series.get(first);
    if (known === undefined) return 'unknown series';
    const [series, names] = known;
    const tags: Record<string, string> = {};
    for (const pair of pairs) {
      const equals = pair.indexOf('=');
      const name = pair.slice(0, equals);
      if (equals < 0 || !NAME.test(name)) return 'not line protocol';
      if (!names.tags.has(name)) return 'unknown tag';
      const value = pair.slice(equals + 1).replace(/\\([, =])/g, '$1');
      if (!TAG.test(value) || value.length > MAX_TAG_LENGTH || tags[name] !== undefined) return 'bad value';
      // Copies, because the cache keeps them.
      tags[copyOf(name)] = copyOf(value);
    }
    if (tags['node'] === undefined) return 'no node';
    // The accounts of collectors have no network.
    if (tags['network'] !== undefined && !NETWORKS.has(tags['network'])) return 'unknown network';
    const prefix = { series, names, tags: Object.freeze(tags) };
    if (this.prefixes.size >= MAX_PREFIXES) this.prefixes.clear();
    this.prefixes.set(copyOf(start), prefix);
    return prefix;
  }
}

/**
 * Copies a text into memory of its own. In V8, a part of a string is a view of the whole string, and would
 * keep the whole chunk in memory.
 */
function copyOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

const NETWORKS: ReadonlySet<string> = new Set(NETWORK_NAMES);

/** Form of the names of series, tags and columns. */
const NAME = /^[a-z_][a-z0-9_]{0,63}$/i;

/** Tags without control characters: some of these end lines, and no name has the others. */
const TAG = /^\P{Cc}+$/u;

const TIME = /^-?\d{1,19}$/;

/** Splits a text at separators that have no backslash before them. */
function split(text: string, separator: number): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && (text.charCodeAt(at) !== separator || text.charCodeAt(at - 1) === BACKSLASH))
      continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  return parts;
}

/** Index of the comma or space after a value, or of the end of the line; -1 where a quote is not closed. */
function endOfValue(line: string, from: number): number {
  let at = from;
  if (line.charCodeAt(from) === QUOTE) {
    for (at++; line.charCodeAt(at) !== QUOTE; at++) {
      if (line.charCodeAt(at) === BACKSLASH) at++;
      if (at >= line.length) return -1;
    }
    at++;
    const next = line.charCodeAt(at);
    return at === line.length || next === COMMA || next === SPACE ? at : -1;
  }
  while (at < line.length && line.charCodeAt(at) !== COMMA && line.charCodeAt(at) !== SPACE) at++;
  return at;
}

/** The value between two indices; undefined if it is not of the type. */
function valueOf(type: ColumnType, line: string, from: number, to: number): FieldValue {
  switch (type) {
    case 'int':
      return integer(line, from, to);
    case 'float': {
      const text = line.slice(from, to);
      const value = /^-?\d{1,32}(\.\d{1,32})?(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : NaN;
      return Number.isFinite(value) ? value : undefined;
    }
    case 'bool':
      return BOOLEANS.get(line.slice(from, to));
    case 'string': {
      if (line.charCodeAt(from) !== QUOTE) return undefined;
      const text = line.slice(from + 1, to - 1);
      return copyOf(text.includes('\\') ? text.replace(/\\(["\\])/g, '$1') : text);
    }
  }
}

/** An integer within ±2^53 with its `i`, parsed without a substring. */
function integer(line: string, from: number, to: number): number | undefined {
  const negative = line.charCodeAt(from) === MINUS;
  const start = negative ? from + 1 : from;
  if (to - start < 2 || to - start > 17 || line.charAt(to - 1) !== 'i') return undefined;
  let value = 0;
  for (let at = start; at < to - 1; at++) {
    const digit = line.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (!Number.isSafeInteger(value)) return undefined;
  return negative ? 0 - value : value;
}
