/** Why a payload is not what its command says. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

const NON_CANONICAL = 'non-canonical CompactSize';

/**
 * Reads the fixed and variable fields of a message payload in order. Every read is checked against the end of the payload
 * first; what a length field promises is never allocated before the bytes are known to be there.
 */
export class PayloadReader {
  private offset = 0;

  constructor(private readonly payload: Buffer) {}

  /** Bytes not yet read. */
  get left(): number {
    return this.payload.length - this.offset;
  }

  u8(): number {
    return this.payload.readUInt8(this.advance(1));
  }

  u16be(): number {
    return this.payload.readUInt16BE(this.advance(2));
  }

  u32(): number {
    return this.payload.readUInt32LE(this.advance(4));
  }

  i32(): number {
    return this.payload.readInt32LE(this.advance(4));
  }

  u64(): bigint {
    return this.payload.readBigUInt64LE(this.advance(8));
  }

  i64(): bigint {
    return this.payload.readBigInt64LE(this.advance(8));
  }

  /** The next six bytes as a number: a short id of BIP152. */
  u48(): number {
    return this.payload.readUIntLE(this.advance(6), 6);
  }

  /** The next 32 bytes, a hash as it is on the wire, one character each: half the memory of hexadecimal. */
  hash(): string {
    return this.bytes(32).toString('latin1');
  }

  /** A view of all that is not yet read, which stays unread. */
  rest(): Buffer {
    return this.payload.subarray(this.offset);
  }

  /** A view of as many bytes as the CompactSize before them says, at most `max`. */
  sizedBytes(max: number): Buffer {
    return this.bytes(this.compactSize(max));
  }

  /** How many items follow, at most `max`; refused where the payload cannot hold as many of `leastBytes` each. */
  count(max: number, leastBytes: number): number {
    return this.compactSize(Math.min(max, Math.floor(this.left / leastBytes)));
  }

  /** As many hashes as the CompactSize before them says, at most `max`; each as {@link hash}. */
  hashes(max: number): string[] {
    return Array.from({ length: this.count(max, 32) }, () => this.hash());
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Buffer {
    const start = this.advance(length);
    return this.payload.subarray(start, start + length);
  }

  /**
   * A CompactSize (Bitcoin Core `src/serialize.h` ReadCompactSize), refused where a shorter form would do or where it is
   * above `max`, the most that the caller could find in this payload or accept.
   */
  compactSize(max: number): number {
    const first = this.u8();
    let value = first;
    let least = 0;
    if (first === 0xfd) {
      value = this.payload.readUInt16LE(this.advance(2));
      least = 0xfd;
    } else if (first === 0xfe) {
      value = this.u32();
      least = 0x1_0000;
    } else if (first === 0xff) {
      value = Number(this.u64());
      least = 0x1_0000_0000;
    }
    if (value < least) throw new DecodeError(NON_CANONICAL);
    if (value > max) throw new DecodeError(`count ${value} above ${max}`);
    return value;
  }

  /** A CompactSize that is no count but any number of 64 bits, such as the service bits of BIP155. */
  compactSize64(): bigint {
    if (this.payload[this.offset] !== 0xff) return BigInt(this.compactSize(0xffff_ffff));
    this.advance(1);
    const value = this.u64();
    if (value < 0x1_0000_0000n) throw new DecodeError(NON_CANONICAL);
    return value;
  }

  private advance(length: number): number {
    if (length > this.left) throw new DecodeError('truncated');
    const start = this.offset;
    this.offset += length;
    return start;
  }
}
