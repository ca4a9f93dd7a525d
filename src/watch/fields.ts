import { asciiLine } from '../lib/ascii-line';
import { type Hash, wireHash } from '../wire/hash';

/** The most entries that are read of a list or an object within an answer. */
const MAX_ENTRIES = 10_000;

/** The most entries of what is a handful in every node, such as warnings. */
const MAX_FEW = 20;

const SATOSHI_PER_BTC = 100_000_000;

/**
 * An object of a node's answer. A member that is missing or of another type is undefined: nodes differ, and
 * each version adds and removes fields.
 */
export class Fields {
  private constructor(private readonly members: Readonly<Record<string, unknown>>) {}

  /** Undefined where `value` is no object. */
  static of(value: unknown): Fields | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return new Fields(value as Readonly<Record<string, unknown>>);
  }

  /** A finite number. */
  number(name: string): number | undefined {
    const value = this.member(name);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  }

  /** A whole number from `least` up. */
  whole(name: string, least = 0): number | undefined {
    const value = this.number(name);
    return value !== undefined && Number.isSafeInteger(value) && value >= least ? value : undefined;
  }

  boolean(name: string): boolean | undefined {
    const value = this.member(name);
    return typeof value === 'boolean' ? value : undefined;
  }

  /** A text of `most` characters at most; a longer one is cut. */
  text(name: string, most = 256): string | undefined {
    const value = this.member(name);
    return typeof value === 'string' ? value.slice(0, most) : undefined;
  }

  /** A hash in wire order; the node writes it as people do. */
  hash(name: string): Hash | undefined {
    return hashIn(this.member(name));
  }

  /** An amount in satoshi; the node writes it in BTC. */
  satoshi(name: string): number | undefined {
    const value = this.number(name);
    return value === undefined ? undefined : Math.round(value * SATOSHI_PER_BTC);
  }

  /**
   * A duration in milliseconds, from a value in units of `unitMs`. Nodes write 0 and less if there is none
   * yet.
   */
  duration(name: string, unitMs: number): number | undefined {
    const value = this.number(name);
    return value === undefined || value <= 0 ? undefined : value * unitMs;
  }

  /** A Unix time in seconds. Nodes write 0 and less for never. */
  time(name: string): number | undefined {
    return this.whole(name, 1);
  }

  object(name: string): Fields | undefined {
    return Fields.of(this.member(name));
  }

  /** A list of values; empty if it is no list. */
  list(name: string): readonly unknown[] {
    const value = this.member(name);
    return Array.isArray(value) ? value.slice(0, MAX_ENTRIES) : [];
  }

  /** Texts, or one text, which older nodes have in place of a list: one printable line each. */
  lines(name: string): readonly string[] {
    const value = this.member(name);
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    const lines = all.slice(0, MAX_FEW).map((line) => (typeof line === 'string' ? asciiLine(line) : ''));
    return lines.filter((line) => line !== '');
  }

  /** Bytes in hexadecimal digits. */
  bytes(name: string): Buffer | undefined {
    return bytesIn(this.member(name));
  }

  /** A member of any type. */
  member(name: string): unknown {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }

  /** The names of its members. */
  names(): readonly string[] {
    return Object.keys(this.members).slice(0, MAX_ENTRIES);
  }

  /** Its members that are whole numbers. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const name of this.names()) {
      const count = this.whole(name);
      if (count !== undefined) counts.set(name, count);
    }
    return counts;
  }
}

/** Bytes of their hexadecimal digits; undefined where it is something else. */
export function bytesIn(value: unknown): Buffer | undefined {
  if (typeof value !== 'string' || value.length % 2 !== 0) return undefined;
  const bytes = Buffer.from(value, 'hex');
  // Buffer stops at the first character that is no digit.
  return bytes.length > 0 && bytes.length === value.length / 2 ? bytes : undefined;
}

/** A hash in wire order of its 64 hexadecimal digits; undefined where it is something else. */
export function hashIn(value: unknown): Hash | undefined {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/i.test(value)) return undefined;
  return wireHash(value);
}
