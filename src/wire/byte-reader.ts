import { DecodeError } from './decode-error';
import { type Hash, readHash } from './hash';

/** The largest count or length that Bitcoin Core reads (`src/serialize.h` MAX_SIZE). */
const MAX_SIZE = 0x0200_0000;

const HASH_BYTES = 32;

/**
 * Reads the bytes of a peer in order. Each read first checks that enough bytes are left, and throws
 * DecodeError where they are not. A count or a length that a peer sends never makes it allocate memory.
 */
export class ByteReader {
  constructor(
    readonly buffer: Buffer,
    /** Offset of the next byte to read. */
    public position = 0,
  ) {}

  /** The number of bytes that were not read yet. */
  get left(): number {
    return this.buffer.length - this.position;
  }

  /** Skips `length` bytes and returns the offset of the first of them. */
  skip(length: number): number {
    const start = this.position;
    const next = start + length;
    if (next > this.buffer.length) throw new DecodeError('truncated', start);
    this.position = next;
    return start;
  }

  u8(): number {
    return this.buffer.readUInt8(this.skip(1));
  }

  u16be(): number {
    return this.buffer.readUInt16BE(this.skip(2));
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.skip(4));
  }

  i32(): number {
    return this.buffer.readInt32LE(this.skip(4));
  }

  /** The next six bytes as a number: a short id of BIP152. */
  u48(): number {
    return this.buffer.readUIntLE(this.skip(6), 6);
  }

  u64(): bigint {
    return this.buffer.readBigUInt64LE(this.skip(8));
  }

  i64(): bigint {
    return this.buffer.readBigInt64LE(this.skip(8));
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Buffer {
    const start = this.skip(length);
    return this.buffer.subarray(start, start + length);
  }

  /** A view of the bytes whose number the CompactSize before them gives, at most `max`. */
  sizedBytes(max = MAX_SIZE): Buffer {
    return this.bytes(this.compactSize(max));
  }

  hash(): Hash {
    return readHash(this.buffer, this.skip(HASH_BYTES));
  }

  /** The hashes whose number the CompactSize before them gives, at most `max`. */
  hashes(max = MAX_SIZE): Hash[] {
    return Array.from({ length: this.count(HASH_BYTES, max) }, () => this.hash());
  }

  /**
   * The number of items that follow, at most `max`. Each takes at least `leastBytes` bytes: a count of more
   * items than the bytes left can hold is refused at once.
   */
  count(leastBytes: number, max = MAX_SIZE): number {
    const start = this.position;
    const count = this.compactSize(max);
    if (count * leastBytes > this.buffer.length - this.position) throw new DecodeError('truncated', start);
    return count;
  }

  /**
   * A CompactSize: a count or a length, in the shortest of its four forms (Bitcoin Core `src/serialize.h`
   * ReadCompactSize). A value above `max` is refused.
   */
  compactSize(max = MAX_SIZE): number {
    const start = this.position;
    const value = this.u8();
    if (value < 0xfd) {
      if (value > max) throw new DecodeError('count-too-large', start);
      return value;
    }
    return this.longCompactSize(value, start, max);
  }

  /**
   * A CompactSize that holds any number of 64 bits instead of a count, such as the service bits of BIP155.
   */
  compactSize64(): bigint {
    if (this.buffer[this.position] !== 0xff) return BigInt(this.compactSize(0xffff_ffff));
    const start = this.skip(1);
    const value = this.u64();
    if (value < 0x1_0000_0000n) throw new DecodeError('non-canonical-varint', start);
    return value;
  }

  /** @throws DecodeError if bytes are left */
  expectEnd(): void {
    if (this.position !== this.buffer.length) throw new DecodeError('trailing-bytes', this.position);
  }

  /** The rest of a CompactSize of three bytes or more. Its first byte, at `start`, was read already. */
  private longCompactSize(first: number, start: number, max: number): number {
    let value: number;
    let least: number;
    if (first === 0xfd) {
      value = this.buffer.readUInt16LE(this.skip(2));
      least = 0xfd;
    } else if (first === 0xfe) {
      value = this.u32();
      least = 0x1_0000;
    } else {
      const low = this.u32();
      value = this.u32() * 0x1_0000_0000 + low;
      least = 0x1_0000_0000;
    }
    if (value < least) throw new DecodeError('non-canonical-varint', start);
    if (value > max) throw new DecodeError('count-too-large', start);
    return value;
  }
}
