/** Multiplier of a whole word: 0xbf58476d1ce4e5b9, in two halves. */
const WORD_HIGH = 0xbf58476d;
const WORD_LOW = 0x1ce4e5b9;

/** MurmurHash64A of the bytes after the last whole word. */
const REST_MULTIPLIER = 0xc6a4a7935bd1e995n;
const REST_SEED = 0xe17a1465n;
const REST_SHIFT = 47n;

/** The checksum of no bytes. */
const START = 5381;

/**
 * Whether the checksum of an entry of DuckDB's write-ahead log matches the stored one: 8 bytes at `stored`,
 * little-endian. It is the exclusive or of 5381, of each whole 64-bit word times an odd constant, and of a
 * hash of the remaining bytes (DuckDB's `src/common/checksum.cpp`). Words are handled as two halves: a
 * `bigint` for each takes ten times as long.
 */
export function hasChecksum(bytes: Buffer, from: number, to: number, stored: number): boolean {
  let low = START;
  let high = 0;
  const whole = from + ((to - from) & ~7);
  for (let at = from; at < whole; at += 8) {
    const wordLow = bytes.readUInt32LE(at);
    low ^= Math.imul(wordLow, WORD_LOW);
    high ^=
      (highOf(wordLow, WORD_LOW) +
        Math.imul(wordLow, WORD_HIGH) +
        Math.imul(bytes.readUInt32LE(at + 4), WORD_LOW)) |
      0;
  }
  if (whole < to) {
    const rest = hashOfRest(bytes.subarray(whole, to));
    low ^= Number(rest & 0xffffffffn);
    high ^= Number(rest >> 32n);
  }
  return low >>> 0 === bytes.readUInt32LE(stored) && high >>> 0 === bytes.readUInt32LE(stored + 4);
}

/** The upper 32 bits of the product of two numbers of 32 bits. */
function highOf(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return (
    (aHigh * bHigh +
      Math.floor(middle / 0x10000) +
      Math.floor((aLow * bHigh + (middle & 0xffff)) / 0x10000)) |
    0
  );
}

function hashOfRest(rest: Buffer): bigint {
  let hash = BigInt.asUintN(64, REST_SEED ^ (BigInt(rest.length) * REST_MULTIPLIER));
  let last = 0n;
  for (let i = rest.length - 1; i >= 0; i--) last = (last << 8n) | BigInt(rest[i] ?? 0);
  hash = BigInt.asUintN(64, (hash ^ last) * REST_MULTIPLIER);
  hash = BigInt.asUintN(64, (hash ^ (hash >> REST_SHIFT)) * REST_MULTIPLIER);
  return hash ^ (hash >> REST_SHIFT);
}
