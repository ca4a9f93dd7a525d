/** Joins parts to a payload: a number is a byte, a string is hexadecimal. */
export function bytes(...parts: readonly (Buffer | string | number)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.of(part);
      return typeof part === 'string' ? Buffer.from(part, 'hex') : part;
    }),
  );
}

/** `value` in `length` bytes, the lowest first. */
export function le(length: number, value: bigint | number): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return number.subarray(0, length);
}

/** A CompactSize. */
export function compact(value: bigint | number): Buffer {
  if (value < 0xfd) return le(1, value);
  if (value <= 0xffff) return bytes(0xfd, le(2, value));
  return value <= 0xffff_ffff ? bytes(0xfe, le(4, value)) : bytes(0xff, le(8, value));
}

/** A CompactSize, and that many times `item`. */
export function list(count: number, item: Buffer): Buffer {
  return bytes(compact(count), Buffer.alloc(count * item.length, item));
}

/** A hash that repeats one byte 32 times. */
export function hash(byte: number): Buffer {
  return Buffer.alloc(32, byte);
}

/** A header; only its length matters. */
export const HEADER = Buffer.alloc(80, 7);

/** A transaction of one input and one output, both with empty scripts. */
export const TRANSACTION = bytes(le(4, 2), 1, hash(9), le(4, 0), 0, le(4, 5), 1, le(8, 1_000), 0, le(4, 0));
