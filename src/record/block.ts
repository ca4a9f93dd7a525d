import { MAX_PAYLOAD_BYTES } from '../wire/framing';
import { crc32 } from '../lib/crc32';

/** Version of the format that this program writes and reads. */
export const FORMAT_VERSION = 1;

/** Bytes before the compressed ones of a block. */
export const BLOCK_HEAD_BYTES = 42;

/** Records are gathered into blocks of about so many bytes. A longer record is a block of its own. */
export const FULL_BLOCK_BYTES = 524_288;

/** The most bytes that the records of a block take: those gathered before, and the longest message. */
export const MAX_RAW_BYTES = FULL_BLOCK_BYTES + MAX_PAYLOAD_BYTES + 4_096;

/** The longest block: what deflate can't compress grows by less than a thousandth. */
const MAX_BLOCK_BYTES = MAX_RAW_BYTES + 65_536;

/** Bytes of zlib's own head, which ours replaces. */
const GZIP_HEAD_BYTES = 10;
/** Checksum and length after the compressed bytes. */
const GZIP_TAIL_BYTES = 8;

/** The most bytes of a piece that deflate stores as it is (RFC 1951). */
const MOST_STORED_BYTES = 65_535;

/** gzip, deflate, with an extra field and a checksum of the head. */
const MAGIC = Buffer.of(0x1f, 0x8b, 8, 6);

/** A time, flags and a system that gzip has room for: none, none and Unix. */
const UNUSED = Buffer.of(0, 0, 0, 0, 0, 3);
const EXTRA_BYTES = 28;
const FIELD_BYTES = 24;

/** The head of a block. */
export interface BlockHead {
  readonly version: number;
  /** Bytes of the whole block. */
  readonly bytes: number;
  /** Time of its first record, in nanoseconds since 1970. Those of the others count from it. */
  readonly timeNs: bigint;
  /** Place of the block in its file, from 0. */
  readonly number: number;
  /** How many records it has. */
  readonly records: number;
}

/**
 * Makes a block from compressed bytes (zlib's `gzip`). A block is a member of a gzip file (RFC 1952), and its
 * extra field `BR` has its length and time. So a reader that only knows gzip reads the records of a whole
 * file, and a reader that looks for a time jumps from head to head. One checksum of a member covers its
 * records, another one its head.
 */
export function sealBlock(member: Buffer, told: Omit<BlockHead, 'version' | 'bytes'>): Buffer {
  const block = Buffer.allocUnsafe(BLOCK_HEAD_BYTES - GZIP_HEAD_BYTES + member.length);
  writeHead(block, { ...told, bytes: block.length });
  member.copy(block, BLOCK_HEAD_BYTES, GZIP_HEAD_BYTES);
  return block;
}

/** Makes a block from records as they are: the parts of its bytes, in order. They are not copied. */
export function storeBlock(raw: Buffer, told: Omit<BlockHead, 'version' | 'bytes'>): readonly Buffer[] {
  const head = Buffer.allocUnsafe(BLOCK_HEAD_BYTES);
  const tail = Buffer.allocUnsafe(GZIP_TAIL_BYTES);
  const parts: Buffer[] = [head];
  for (let at = 0; at < raw.length; at += MOST_STORED_BYTES) {
    const part = raw.subarray(at, at + MOST_STORED_BYTES);
    const isLast = at + part.length === raw.length;
    const begin = Buffer.of(isLast ? 1 : 0, 0, 0, 0, 0);
    begin.writeUInt16LE(part.length, 1);
    begin.writeUInt16LE(part.length ^ 0xffff, 3);
    parts.push(begin, part);
  }
  tail.writeUInt32LE(crc32(raw), 0);
  tail.writeUInt32LE(raw.length, 4);
  parts.push(tail);
  writeHead(head, { ...told, bytes: parts.reduce((sum, { length }) => sum + length, 0) });
  return parts;
}

function writeHead(block: Buffer, { bytes, timeNs, number, records }: Omit<BlockHead, 'version'>): void {
  MAGIC.copy(block, 0);
  UNUSED.copy(block, MAGIC.length);
  block.writeUInt16LE(EXTRA_BYTES, 10);
  block.write('BR', 12, 'latin1');
  block.writeUInt16LE(FIELD_BYTES, 14);
  block.writeUInt16LE(FORMAT_VERSION, 16);
  block.writeUInt16LE(0, 18);
  block.writeUInt32LE(bytes, 20);
  block.writeBigUInt64LE(timeNs, 24);
  block.writeUInt32LE(number, 32);
  block.writeUInt32LE(records, 36);
  block.writeUInt16LE(crc32(block.subarray(0, 40)) & 0xffff, 40);
}

/** The head of the block at a place of `bytes`; null if no block begins there. */
export function readBlockHead(bytes: Buffer, at = 0): BlockHead | null {
  if (bytes.length - at < BLOCK_HEAD_BYTES) return null;
  if (
    !bytes.subarray(at, at + MAGIC.length).equals(MAGIC) ||
    bytes.readUInt16LE(at + 10) !== EXTRA_BYTES ||
    bytes.toString('latin1', at + 12, at + 14) !== 'BR' ||
    bytes.readUInt16LE(at + 14) !== FIELD_BYTES ||
    bytes.readUInt16LE(at + 40) !== (crc32(bytes.subarray(at, at + 40)) & 0xffff)
  )
    return null;
  const head: BlockHead = {
    version: bytes.readUInt16LE(at + 16),
    bytes: bytes.readUInt32LE(at + 20),
    timeNs: bytes.readBigUInt64LE(at + 24),
    number: bytes.readUInt32LE(at + 32),
    records: bytes.readUInt32LE(at + 36),
  };
  const isPossible = head.bytes >= BLOCK_HEAD_BYTES + GZIP_TAIL_BYTES && head.bytes <= MAX_BLOCK_BYTES;
  return isPossible ? head : null;
}

/** The first place from `from` on where a block begins; -1 if there is none. */
export function findBlock(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1))
    if (readBlockHead(bytes, at) !== null) return at;
  return -1;
}
