import { randomBytes } from 'node:crypto';

/** The modulus of the hash: a Mersenne prime, 2^31 - 1. */
const PRIME = 0x7fff_ffff;
const TWO_31 = 0x8000_0000;

/** Length of a factor in a secret, in bytes. */
const FACTOR_BYTES = 4;

/** Length of a secret for keys of `keyBytes` bytes. */
export function secretBytes(keyBytes: number): number {
  return FACTOR_BYTES * (keyBytes / 2 + 1);
}

/**
 * A hash with a secret, for keys that strangers choose: nobody can choose keys that collide without the
 * secret. For any two keys, every pair of hashes has the same probability (multilinear hashing, Carter and
 * Wegman 1979).
 *
 * The hash is a0 + a1 * w1 + a2 * w2 + ... modulo 2^31 - 1, where the w are the key's words of 16 bits and
 * the a are secret. A sum modulo a power of 2 would not do: the highest bits of each word would only reach
 * the highest bit of the sum. The words have 16 bits so that the sum stays below 2^53, where JavaScript's
 * numbers are exact. A hash takes 40 ns.
 */
export class KeyedHash {
  private readonly factors: Float64Array;

  /**
   * @param keyBytes length of a key in bytes, a multiple of 4, at most 120
   * @param secret `secretBytes(keyBytes)` bytes; tests hand in one of their own
   */
  constructor(keyBytes: number, secret: Buffer = randomBytes(secretBytes(keyBytes))) {
    this.factors = Float64Array.from(
      { length: keyBytes / 2 + 1 },
      (_, i) => secret.readUInt32LE(i * FACTOR_BYTES) % PRIME,
    );
  }

  /** The hash of the key at `start`: a number from 0 to 2^31 - 2. Each of its bits is equally random. */
  of(bytes: Uint8Array, start: number): number {
    const { factors } = this;
    let sum = factors[0] ?? 0;
    let other = 0;
    // The words are read here because `readUInt16LE` takes twice the time. There are two sums because the
    // processor computes them in parallel.
    for (let k = 1, i = start; k < factors.length; k += 2, i += 4) {
      sum += ((bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8)) * (factors[k] ?? 0);
      other += ((bytes[i + 2] ?? 0) | ((bytes[i + 3] ?? 0) << 8)) * (factors[k + 1] ?? 0);
    }
    return remainder(sum + other);
  }

  /**
   * The hash of a number from 0 to 2^48 - 1. It equals the hash of a key that has the 6 bytes of the number,
   * the lowest first, followed by zeros.
   */
  ofUint48(value: number): number {
    const { factors } = this;
    const middle = (value >>> 16) & 0xffff;
    const high = Math.floor(value / 0x1_0000_0000);
    const low = (factors[0] ?? 0) + (value & 0xffff) * (factors[1] ?? 0);
    return remainder(low + middle * (factors[2] ?? 0) + high * (factors[3] ?? 0));
  }
}

/** The remainder of a number below 2^53 by the prime. 2^31 is 1 modulo the prime. */
function remainder(sum: number): number {
  const high = Math.floor(sum / TWO_31);
  const rest = high + (sum - high * TWO_31);
  return (rest >= PRIME ? rest - PRIME : rest) | 0;
}
