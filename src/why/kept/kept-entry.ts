import { crc32 } from '../../lib/crc32';

/** `WHY1`: the first bytes of each entry, and its version. */
const MAGIC = 0x3159_4857;

/** An entry begins with these numbers (little endian); then come its ids, and its names as JSON. */
const SUM = 4;
const LENGTH = 8;
const OFFSET = 12;
const USED = 16;
const CHUNK_SUM = 20;
const IDS = 24;
const SEQUENCE = 28;
const RUN = 32;
const FIRST = 40;
const LAST = 48;
const AHEAD = 56;
const HEAD_BYTES = 64;
const ID_BYTES = 4;

/** The longest entry that is read: 16,384 ids, and the names of 4,096 connections. */
const MOST_BYTES = 1_000_000;

/** What is known of a chunk on disk. */
export interface KeptChunk {
  /** Where it begins in the file of chunks. */
  readonly offset: number;
  readonly used: number;
  /** Its CRC-32. */
  readonly sum: number;
  /** Counts the chunks of a run. */
  readonly sequence: number;
  /** When the run began, Unix milliseconds. */
  readonly runMs: number;
  /** Times of its first and last fact, on the monotonic clock of its run. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** What makes a time of that clock a Unix time. */
  readonly aheadMs: number;
}

/** Names of the connections or blocks that a chunk gives by their number. */
export type KeptNames = Readonly<Record<string, string>>;

/** Ids whose beginning is from `from` to `to`. */
export interface IdRange {
  readonly from: number;
  readonly to: number;
}

/** The entry of a chunk in an index, as bytes. `ids` are the first four bytes of each, as a number. */
export function encodeEntry(chunk: KeptChunk, ids: Uint32Array, names: KeptNames): Buffer {
  const sorted = ids.slice().sort();
  const distinct = sorted.filter((id, at) => at === 0 || id !== sorted[at - 1]);
  const text = Buffer.from(JSON.stringify(names));
  const entry = Buffer.alloc(HEAD_BYTES + distinct.length * ID_BYTES + text.length);
  entry.writeUInt32LE(MAGIC, 0);
  entry.writeUInt32LE(entry.length, LENGTH);
  entry.writeUInt32LE(chunk.offset, OFFSET);
  entry.writeUInt32LE(chunk.used, USED);
  entry.writeUInt32LE(chunk.sum, CHUNK_SUM);
  entry.writeUInt32LE(distinct.length, IDS);
  entry.writeUInt32LE(chunk.sequence, SEQUENCE);
  entry.writeDoubleLE(chunk.runMs, RUN);
  entry.writeDoubleLE(chunk.firstMs, FIRST);
  entry.writeDoubleLE(chunk.lastMs, LAST);
  entry.writeDoubleLE(chunk.aheadMs, AHEAD);
  let at = HEAD_BYTES;
  for (const id of distinct) at = entry.writeUInt32LE(id, at);
  text.copy(entry, at);
  entry.writeUInt32LE(crc32(entry.subarray(LENGTH)), SUM);
  return entry;
}

/** An entry of an index. It reads what it is asked for. */
export class KeptEntry {
  private constructor(private readonly bytes: Buffer) {}

  /** The entry at an offset; null where none begins there, or where it is not complete. */
  static at(index: Buffer, at: number): KeptEntry | null {
    if (at + HEAD_BYTES > index.length || index.readUInt32LE(at) !== MAGIC) return null;
    const length = index.readUInt32LE(at + LENGTH);
    if (length < HEAD_BYTES || length > MOST_BYTES || at + length > index.length) return null;
    const entry = new KeptEntry(index.subarray(at, at + length));
    return HEAD_BYTES + entry.count * ID_BYTES > length ? null : entry;
  }

  /** Whether the bytes from an offset to the end are the beginning of an entry. */
  static isCut(index: Buffer, at: number): boolean {
    const left = index.length - at;
    const isBegun = left < 4 || index.readUInt32LE(at) === MAGIC;
    return isBegun && (left < HEAD_BYTES || index.readUInt32LE(at + LENGTH) > left);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Whether its bytes are those that were written. */
  get isWhole(): boolean {
    return crc32(this.bytes.subarray(LENGTH)) === this.bytes.readUInt32LE(SUM);
  }

  get chunk(): KeptChunk {
    const { bytes } = this;
    return {
      offset: bytes.readUInt32LE(OFFSET),
      used: bytes.readUInt32LE(USED),
      sum: bytes.readUInt32LE(CHUNK_SUM),
      sequence: bytes.readUInt32LE(SEQUENCE),
      runMs: bytes.readDoubleLE(RUN),
      firstMs: bytes.readDoubleLE(FIRST),
      lastMs: bytes.readDoubleLE(LAST),
      aheadMs: bytes.readDoubleLE(AHEAD),
    };
  }

  /** Whether the chunk has an id of this range. */
  has({ from, to }: IdRange): boolean {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.idAt(middle) < from) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.idAt(low) <= to;
  }

  names(): KeptNames {
    return JSON.parse(this.bytes.toString('utf8', HEAD_BYTES + this.count * ID_BYTES)) as KeptNames;
  }

  private get count(): number {
    return this.bytes.readUInt32LE(IDS);
  }

  private idAt(at: number): number {
    return this.bytes.readUInt32LE(HEAD_BYTES + at * ID_BYTES);
  }
}
