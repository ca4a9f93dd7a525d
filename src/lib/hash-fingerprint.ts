import { randomBytes } from 'node:crypto';

const HASH_BYTES = 32;
const WORDS = HASH_BYTES / 2;

/** The modulus of both halves: a Mersenne prime, 2^31 - 1. */
const PRIME = 0x7fff_ffff;
const TWO_31 = 0x8000_0000;

/** Length of a secret in bytes: a factor for each word of a hash and one more, for each half. */
export const FINGERPRINT_SECRET_BYTES = 2 * 4 * (WORDS + 1);

/**
 * The fingerprint of a hash of 32 bytes: two numbers below 2^31 - 1. Each is a multilinear hash with its own
 * factors, as in `KeyedHash`. Nobody can choose two hashes with the same fingerprint without the secret: any
 * two have it with a probability of 2^-62.
 */
export class HashFingerprint {
  /** The two halves of the fingerprint that was taken last. */
  low = 0;
  high = 0;
  private last: string | null = null;
  private readonly lowFactors: Float64Array;
  private readonly highFactors: Float64Array;

  /** @param secret tests hand in one of their own */
  constructor(secret: Buffer = randomBytes(FINGERPRINT_SECRET_BYTES)) {
    const factors = (from: number): Float64Array =>
      Float64Array.from({ length: WORDS + 1 }, (_, i) => secret.readUInt32LE(4 * (from + i)) % PRIME);
    this.lowFactors = factors(0);
    this.highFactors = factors(WORDS + 1);
  }

  /** Takes the fingerprint of a hash, in wire order, one character (latin1) for each byte. */
  take(hash: string): void {
    // A hash is added after it was looked for.
    if (hash === this.last) return;
    this.last = hash;
    const { highFactors, lowFactors } = this;
    let low = lowFactors[WORDS] ?? 0;
    let high = highFactors[WORDS] ?? 0;
    for (let k = 0; k < WORDS; k++) {
      // Writing the text into a buffer takes three times as long.
      const word = hash.charCodeAt(2 * k) | (hash.charCodeAt(2 * k + 1) << 8);
      low += word * (lowFactors[k] ?? 0);
      high += word * (highFactors[k] ?? 0);
    }
    this.low = remainder(low);
    this.high = remainder(high);
  }
}

/** The remainder of a number below 2^53 by the prime. 2^31 is 1 modulo the prime. */
function remainder(sum: number): number {
  const high = Math.floor(sum / TWO_31);
  const rest = high + (sum - high * TWO_31);
  return (rest >= PRIME ? rest - PRIME : rest) | 0;
}
