import { type FileHandle, open, rm } from 'node:fs/promises';
import { writeAll } from '../../lib/write-all';
import { checksum } from '../../wire/hash';
import {
  HEADER_BYTES,
  countLines,
  countPoints,
  encodeRecord,
  findRecord,
  isTorn,
  readHeader,
  repairedLines,
} from './record';

/** A record of a segment. */
export interface SpoolRecord {
  readonly offset: number;
  /** Offset of its end. */
  readonly end: number;
  readonly points: number;
  /** Checksum of the lines. */
  readonly sum: number;
  readonly lines: Buffer;
}

/** Damaged bytes that were skipped. */
export interface SpoolDamage {
  readonly bytes: number;
  /** Points in them, at least. */
  readonly points: number;
}

/** The name of a segment's file. */
export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`;
}

const UNDAMAGED: SpoolDamage = { bytes: 0, points: 0 };

/** How a file of an earlier run is opened. */
export interface SegmentOptions {
  /** Offset from which on points are counted. */
  readonly start: number;
  /** Whether no other segment was begun after it. */
  readonly isLast: boolean;
  /** Called with the beginning of a record that was cut off the end of the file. */
  readonly torn: (cut: TornRecord) => void;
}

/** The beginning of a record whose write did not finish. */
export interface TornRecord {
  readonly bytes: number;
  /** Points of the complete record; undefined if too little of it is left. */
  readonly points: number | undefined;
}

/** One file of a spool: consecutive records. It only ever grows. */
export class Segment {
  private constructor(
    readonly number: number,
    readonly file: string,
    private readonly handle: FileHandle,
    /** Bytes of the records. */
    private length: number,
    /** Points in the records that are not done. */
    public points: number,
  ) {}

  static async create(file: string, number: number): Promise<Segment> {
    return new Segment(number, file, await open(file, 'wx+', 0o600), 0, 0);
  }

  /**
   * Opens a file of an earlier run. Bytes at its end that are no intact record are one of two things. In the
   * last segment they may be a record whose write was cut short (`isTorn`): `append` had not returned, so
   * nobody was told that its points are safe, and it is removed. All other bytes were appended as a whole and
   * have changed since: they stay in the file, and `next` skips them and returns their bytes and points. A
   * power cut can shorten a whole record, which then looks torn; see `Spool`.
   */
  static async open(file: string, number: number, options: SegmentOptions): Promise<Segment> {
    const handle = await open(file, 'r+');
    try {
      const { end, points } = await scan(handle, options);
      return new Segment(number, file, handle, end, points);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.length;
  }

  /** Adds a record. If that fails (disk full), the file is unchanged. */
  async append(lines: Buffer, points: number): Promise<void> {
    const record = encodeRecord(lines, points);
    try {
      await writeAll(this.handle, record, this.length);
    } catch (error) {
      await this.handle.truncate(this.length).catch(() => undefined);
      throw error;
    }
    this.length += record.length;
    this.points += points;
  }

  /**
   * The first intact record from an offset on, which is the beginning of a record in an intact file; null if
   * none is left. `damage` are the bytes that were skipped before it.
   */
  async next(offset: number): Promise<{ readonly record: SpoolRecord | null; readonly damage: SpoolDamage }> {
    const record = await readRecord(this.handle, offset, this.length);
    if (record !== null) return { record, damage: UNDAMAGED };
    const rest = await readRange(this.handle, offset, this.length);
    const at = findRecord(rest, 1) ?? rest.length;
    const skipped = rest.subarray(0, at);
    const lines = repairedLines(skipped);
    if (lines !== null) {
      const { sum } = readHeader(skipped);
      const points = countLines(lines);
      const repaired = { offset, end: offset + at, points, sum, lines: Buffer.from(lines) };
      return { record: repaired, damage: UNDAMAGED };
    }
    const damage = { bytes: skipped.length, points: countPoints(skipped) };
    this.points -= Math.min(damage.points, this.points);
    const found = at < rest.length ? await readRecord(this.handle, offset + at, this.length) : null;
    // No record is left. Damaged headers may have counted too many points.
    if (found === null) this.points = 0;
    return { record: found, damage };
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async remove(): Promise<void> {
    await this.handle.close();
    await rm(this.file, { force: true });
  }
}

/**
 * Walks through the records of a file by their headers, and cuts off a torn one at the end of the last
 * segment. A damaged length leads to bytes that are no header; then it searches the next intact record.
 * @returns the end of the records, and their points
 */
async function scan(
  handle: FileHandle,
  { start, isLast, torn }: SegmentOptions,
): Promise<{ readonly end: number; readonly points: number }> {
  const { size } = await handle.stat();
  const header = Buffer.alloc(HEADER_BYTES);
  let end = 0;
  let points = 0;
  /** The record before `end`. Only its header was read. */
  let last: { readonly offset: number; readonly points: number } | undefined;
  while (end < size) {
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, end);
    const { length, points: told } = readHeader(header);
    const next = end + HEADER_BYTES + length;
    if (bytesRead === HEADER_BYTES && length > 0 && next <= size) {
      last = { offset: end, points: end >= start ? told : 0 };
      points += last.points;
      end = next;
      continue;
    }
    // Whether a damaged length in the last header has led here.
    const isLost = last !== undefined && (await readRecord(handle, last.offset, size)) === null;
    const from = last !== undefined && isLost ? last.offset : end;
    if (last !== undefined && isLost) points -= last.points;
    last = undefined;
    const rest = await readRange(handle, from, size);
    const found = findRecord(rest, 1);
    if (isLast && found === null && !isLost && repairedLines(rest) === null && isTorn(rest)) {
      await handle.truncate(end);
      const toldPoints = rest.length < HEADER_BYTES ? undefined : readHeader(rest).points;
      torn({ bytes: rest.length, points: toldPoints });
      return { end, points };
    }
    if (from >= start) points += countPoints(rest.subarray(0, found ?? rest.length));
    end = found === null ? size : from + found;
  }
  return { end, points };
}

/** Reads the record that begins at an offset; null if it is damaged. */
async function readRecord(handle: FileHandle, offset: number, size: number): Promise<SpoolRecord | null> {
  const bytes = Buffer.alloc(HEADER_BYTES);
  await handle.read(bytes, 0, HEADER_BYTES, offset);
  const { length, points, sum } = readHeader(bytes);
  const end = offset + HEADER_BYTES + length;
  if (length === 0 || end > size) return null;
  const lines = await readRange(handle, offset + HEADER_BYTES, end);
  if (checksum(lines) !== sum) return null;
  // A line has at least one byte: here only the number of points is damaged.
  return { offset, end, points: points === 0 || points > length ? countLines(lines) : points, sum, lines };
}

async function readRange(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(to - from);
  await handle.read(bytes, 0, bytes.length, from);
  return bytes;
}
