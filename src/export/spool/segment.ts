import { type FileHandle, open, rm } from 'node:fs/promises';
import { checksum } from '../../hash';

/** Before each record's lines: their length in bytes, the number of points, their checksum; 32 bits each, little-endian. */
const HEADER_BYTES = 12;

/** A record as it stands in a segment. */
export interface Record {
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
   * Opens a file of an earlier run and counts the points from `start` on. What is torn at its end, as a kill or a full disk
   * leaves it, is cut off.
   */
  static async open(file: string, number: number, start: number): Promise<Segment> {
    const handle = await open(file, 'r+');
    const { size } = await handle.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    let end = 0;
    let points = 0;
    for (;;) {
      const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, end);
      const next = end + HEADER_BYTES + header.readUInt32LE(0);
      if (bytesRead < HEADER_BYTES || next > size) break;
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

  /** The record at an offset where one begins; null where its bytes are not those that were written. */
  async read(offset: number): Promise<Record | null> {
    const header = Buffer.alloc(HEADER_BYTES);
    await this.handle.read(header, 0, HEADER_BYTES, offset);
    const length = header.readUInt32LE(0);
    const end = offset + HEADER_BYTES + length;
    if (end > this.length) return null;
    const lines = Buffer.alloc(length);
    await this.handle.read(lines, 0, length, offset + HEADER_BYTES);
    if (checksum(lines) !== header.readUInt32LE(8)) return null;
    return { offset, end, points: header.readUInt32LE(4), lines };
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async remove(): Promise<void> {
    await this.handle.close();
    await rm(this.file, { force: true });
  }
}
