import { ParseError } from './parse-error';

/** Largest count or length that Bitcoin Core reads (`src/serialize.h` MAX_SIZE). */
const MAX_COMPACT_SIZE = 0x0200_0000;

/** Walks forward over bytes that nobody vouches for: each step is checked against the end before it is taken. */
export class ByteReader {
  constructor(
    readonly bytes: Buffer,
    /** Offset of the next byte to read. */
    public position = 0,
  ) {}

  /** Moves over `length` bytes and returns where they began. */
  skip(length: number): number {
    const start = this.position;
    const next = start + length;
    if (next > this.bytes.length) throw new ParseError('truncated', start);
    this.position = next;
    return start;
  }

  readByte(): number {
    return this.bytes.readUInt8(this.skip(1));
  }

  readInt32(): number {
    return this.bytes.readInt32LE(this.skip(4));
  }

  readUInt32(): number {
    return this.bytes.readUInt32LE(this.skip(4));
  }

  /** Reads a CompactSize: a count or a length, in the shortest of four forms. */
  readCompactSize(): number {
    const start = this.position;
    const first = this.readByte();
    if (first < 0xfd) return first;
    let value: number;
    let least: number;
    if (first === 0xfd) {
      value = this.bytes.readUInt16LE(this.skip(2));
      least = 0xfd;
    } else if (first === 0xfe) {
      value = this.readUInt32();
      least = 0x1_0000;
    } else {
      const low = this.readUInt32();
      value = this.readUInt32() * 0x1_0000_0000 + low;
      least = 0x1_0000_0000;
    }
    if (value < least) throw new ParseError('non-canonical-varint', start);
    if (value > MAX_COMPACT_SIZE) throw new ParseError('count-too-large', start);
    return value;
  }

  /** Reads how many items follow, each of at least `leastBytes`; refused at once if they cannot all be there. */
  readCount(leastBytes: number): number {
    const start = this.position;
    const count = this.readCompactSize();
    if (count * leastBytes > this.bytes.length - this.position) throw new ParseError('truncated', start);
    return count;
  }

  /** Throws if anything is left. */
  expectEnd(): void {
    if (this.position !== this.bytes.length) throw new ParseError('trailing-bytes', this.position);
  }
}
