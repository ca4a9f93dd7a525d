import { checksum } from '../../wire/hash';
import { MAX_LINE_BYTES } from '../line';

/**
 * Before the lines of each record: their length in bytes, the number of points, the checksum of the lines; 32
 * bits each, little-endian.
 */
export const HEADER_BYTES = 12;

/**
 * Far above the length of every record: a batch of 5,000 points has about 1 MB. Text that is read as a length
 * is above this limit.
 */
const MAX_RECORD_BYTES = 100_000_000;

/** Far above the points of every record. Other bytes that are read as a number of points are above it. */
const MAX_RECORD_POINTS = 1_000_000;

const NEWLINE = 0x0a;

/** The header of a record. */
export interface RecordHeader {
  /** Bytes of the lines after the header. */
  readonly length: number;
  readonly points: number;
  /** Checksum of the lines. */
  readonly sum: number;
}

/** A record: its header and its lines. */
export function encodeRecord(lines: Buffer, points: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(lines.length, 0);
  header.writeUInt32LE(points, 4);
  header.writeUInt32LE(checksum(lines), 8);
  return Buffer.concat([header, lines]);
}

/** Reads the header at an offset of `bytes`, which contain the whole header. */
export function readHeader(bytes: Buffer, at = 0): RecordHeader {
  return {
    length: bytes.readUInt32LE(at),
    points: bytes.readUInt32LE(at + 4),
    sum: bytes.readUInt32LE(at + 8),
  };
}

/**
 * The offset of the first intact record from `from` on; null if there is none. Text is hardly ever a fitting
 * length, so few checksums are computed.
 */
export function findRecord(bytes: Buffer, from: number): number | null {
  for (let at = from; at + HEADER_BYTES < bytes.length; at++) if (isIntactAt(bytes, at)) return at;
  return null;
}

function isIntactAt(bytes: Buffer, at: number): boolean {
  const length = bytes.readUInt32LE(at);
  const end = at + HEADER_BYTES + length;
  if (length === 0 || end > bytes.length || bytes[end - 1] !== NEWLINE) return false;
  return checksum(bytes.subarray(at + HEADER_BYTES, end)) === bytes.readUInt32LE(at + 8);
}

/**
 * The lines of a record whose length or number of points is damaged, while the lines still match their
 * checksum. Null where they don't match.
 */
export function repairedLines(record: Buffer): Buffer | null {
  if (record.length <= HEADER_BYTES) return null;
  const lines = record.subarray(HEADER_BYTES);
  return checksum(lines) === readHeader(record).sum ? lines : null;
}

/**
 * Whether bytes are the beginning of a record whose end is missing, as `kill -9` in the middle of a write
 * leaves it. It has fewer bytes than its header says, and fewer ends of lines than points. All other bytes
 * were written as a whole and are damaged: a zero where a line must be (a power cut leaves those), a header
 * that no record can have, or complete lines. Damage looks like a torn record only if it makes the length
 * larger and also removes an end of a line.
 */
export function isTorn(rest: Buffer): boolean {
  return rest.length < HEADER_BYTES || isCut(rest);
}

/** The same for bytes that hold a whole header. */
function isCut(rest: Buffer): boolean {
  const { length, points } = readHeader(rest);
  const lines = rest.subarray(HEADER_BYTES);
  return (
    points > 0 &&
    points <= Math.min(MAX_RECORD_POINTS, length) &&
    length <= Math.min(MAX_RECORD_BYTES, points * (MAX_LINE_BYTES + 1)) &&
    length > lines.length &&
    countLines(lines) < points &&
    !lines.includes(0)
  );
}

/**
 * The least number of points in consecutive damaged records. It is the sum of their headers, if each leads to
 * the next or to the end of a cut record. Otherwise it is the number of ends of lines. Unreadable bytes count
 * as one point at least, zeros as none.
 */
export function countPoints(records: Buffer): number {
  const points = pointsOfHeaders(records) ?? countLines(records.subarray(HEADER_BYTES));
  return Math.max(points, records.every((byte) => byte === 0) ? 0 : 1);
}

/** The sum of the headers; null where one does not lead to the next. */
function pointsOfHeaders(records: Buffer): number | null {
  let points = 0;
  for (let at = 0; at < records.length;) {
    const rest = records.subarray(at);
    if (rest.length < HEADER_BYTES) return null;
    const { length, points: told } = readHeader(rest);
    if (isCut(rest)) return points + told;
    const end = at + HEADER_BYTES + length;
    if (end > records.length || told === 0 || told > length) return null;
    points += told;
    at = end;
  }
  return points;
}

/** Counts the ends of lines. */
export function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
