import { type FileHandle, open, rm } from 'node:fs/promises';
import { checksum } from '../../wire/hash';

/**
 * Before each record's lines: their length in bytes, the number of points, their checksum; 32 bits each,
 * little-endian.
 */
const HEADER_BYTES = 12;

const NEWLINE = 0x0a;

/** A record as it stands in a segment. */
export interface SpoolRecord {
  readonly offset: number;
  /** Offset behind it. */
  readonly end: number;
  readonly points: number;
  readonly lines: Buffer;
}

/** One file of a spool: records, one behind the other, only ever appended to. */
export class Segment {
  private constructor(
    readonly number: number,
    readonly file: string,
    private readonly handle: FileHandle,
    /** Bytes of whole records. */
    private length: number,
    /** Points in the records that are not done. */
    public points: number,
  ) {}

  static async create(file: string, number: number): Promise<Segment> {
    return new Segment(number, file, await open(file, 'wx+', 0o600), 0, 0);
  }

  /**
   * Opens a file of an earlier run and counts the points from `start` on. What is torn at its end, as a kill
   * or a full disk leaves it, is cut off.
   */
  static async open(file: string, number: number, start: number): Promise<Segment> {
    const handle = await open(file, 'r+');
    try {
      return await Segment.scan(file, number, start, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private static async scan(
    file: string,
    number: number,
    start: number,
    handle: FileHandle,
  ): Promise<Segment> {
    const { size } = await handle.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    let end = 0;
    let points = 0;
    for (;;) {
      const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, end);
      const next = end + HEADER_BYTES + header.readUInt32LE(0);
      if (bytesRead < HEADER_BYTES) break;
      if (next > size || next === end + HEADER_BYTES) {
        const behind = await skipDamaged(handle, end, size);
        if (behind === null) break;
        end = behind;
        continue;
      }
      if (end >= start) points += header.readUInt32LE(4);
      end = next;
    }
    if (end < size) await handle.truncate(end);
    return new Segment(number, file, handle, end, points);
  }

  get bytes(): number {
    return this.length;
  }

  /** Adds a record; where that fails (disk full) the file stays as it was. */
  async append(lines: Buffer, points: number): Promise<void> {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(lines.length, 0);
    header.writeUInt32LE(points, 4);
    header.writeUInt32LE(checksum(lines), 8);
    const record = Buffer.concat([header, lines]);
    try {
      for (let written = 0; written < record.length;) {
        const { bytesWritten } = await this.handle.write(
          record,
          written,
          record.length - written,
          this.length + written,
        );
        written += bytesWritten;
      }
    } catch (error) {
      await this.handle.truncate(this.length).catch(() => undefined);
      throw error;
    }
    this.length += record.length;
    this.points += points;
  }

  /**
   * The first whole record from an offset on, where one should begin; null where none is left. `lost` are the
   * points of damaged ones before it, as their headers tell them, or else as many as there are ends of lines.
   */
  async next(offset: number): Promise<{ readonly record: SpoolRecord | null; readonly lost: number }> {
    const record = await this.read(offset);
    if (record !== null) return { record, lost: 0 };
    const rest = Buffer.alloc(this.length - offset);
    await this.handle.read(rest, 0, rest.length, offset);
    let at = 1;
    while (at < rest.length && wholeAt(rest, at) === null) at++;
    // The bytes between: one whose length alone has changed is still good.
    const gap = rest.subarray(0, at);
    const lines = gap.subarray(HEADER_BYTES);
    if (lines.length > 0 && checksum(lines) === gap.readUInt32LE(8)) {
      const repaired = { offset, end: offset + at, points: linesIn(lines), lines: Buffer.from(lines) };
      return { record: repaired, lost: 0 };
    }
    const lost = pointsIn(gap);
    this.points -= Math.min(lost, this.points);
    const found = at < rest.length ? await this.read(offset + at) : null;
    // At the end, what was counted by a damaged header.
    if (found === null) this.points = 0;
    return { record: found, lost };
  }

  /** The record at an offset where one begins; null where its bytes are not those that were written. */
  private async read(offset: number): Promise<SpoolRecord | null> {
    const header = Buffer.alloc(HEADER_BYTES);
    await this.handle.read(header, 0, HEADER_BYTES, offset);
    const length = header.readUInt32LE(0);
    const end = offset + HEADER_BYTES + length;
    if (length === 0 || end > this.length) return null;
    const lines = Buffer.alloc(length);
    await this.handle.read(lines, 0, length, offset + HEADER_BYTES);
    if (checksum(lines) !== header.readUInt32LE(8)) return null;
    const points = header.readUInt32LE(4);
    // No line is shorter than a byte: the number alone is damaged.
    return { offset, end, points: points === 0 || points > length ? linesIn(lines) : points, lines };
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
 * Where the next whole record stands behind a damaged one at `from`; null where none does, as behind a torn
 * one.
 */
async function skipDamaged(handle: FileHandle, from: number, size: number): Promise<number | null> {
  const rest = Buffer.alloc(size - from);
  await handle.read(rest, 0, rest.length, from);
  for (let at = 1; at < rest.length; at++) if (wholeAt(rest, at) !== null) return from + at;
  const lines = rest.subarray(HEADER_BYTES);
  return lines.length > 0 && checksum(lines) === rest.readUInt32LE(8) ? size : null;
}

/**
 * Where the record that begins at an offset ends; null where no whole one does. Of text nearly no byte begins
 * a length that fits.
 */
function wholeAt(bytes: Buffer, at: number): number | null {
  if (at + HEADER_BYTES >= bytes.length) return null;
  const length = bytes.readUInt32LE(at);
  const end = at + HEADER_BYTES + length;
  if (length === 0 || end > bytes.length || bytes[end - 1] !== NEWLINE) return null;
  return checksum(bytes.subarray(at + HEADER_BYTES, end)) === bytes.readUInt32LE(at + 8) ? end : null;
}

/** The points of damaged records that stand one behind the other. */
function pointsIn(gap: Buffer): number {
  let points = 0;
  for (let at = 0; at < gap.length;) {
    const length = at + HEADER_BYTES < gap.length ? gap.readUInt32LE(at) : 0;
    const end = at + HEADER_BYTES + length;
    const told = length === 0 ? 0 : gap.readUInt32LE(at + 4);
    if (length === 0 || end > gap.length || told === 0 || told > length)
      return points + linesIn(gap.subarray(at));
    points += told;
    at = end;
  }
  return points;
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
