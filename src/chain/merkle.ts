import { type Hash, writeHash256 } from '../wire/hash';

const HASH_BYTES = 32;

/** The root of a merkle tree. */
export interface MerkleRoot {
  /** As on the wire. */
  readonly root: Buffer;
  /**
   * Whether two hashes that are hashed together are equal. An odd last hash is hashed with itself, so a list that ends with
   * copies has the root of one without them (CVE-2012-2459).
   */
  readonly mutated: boolean;
}

/**
 * The root over hashes that lie one behind the other, as on the wire, in `hashes`, which is overwritten. The root of none is 32
 * zeros (Bitcoin Core `src/consensus/merkle.cpp` ComputeMerkleRoot).
 */
export function merkleRoot(hashes: Buffer): MerkleRoot {
  let count = hashes.length / HASH_BYTES;
  let mutated = false;
  if (count === 0) return { root: Buffer.alloc(HASH_BYTES), mutated };
  const pair = Buffer.alloc(2 * HASH_BYTES);
  for (; count > 1; count = Math.ceil(count / 2)) {
    for (let i = 0; i < count; i += 2) {
      const left = i * HASH_BYTES;
      const right = Math.min(i + 1, count - 1) * HASH_BYTES;
      hashes.copy(pair, 0, left, left + HASH_BYTES);
      hashes.copy(pair, HASH_BYTES, right, right + HASH_BYTES);
      mutated ||= left !== right && pair.compare(pair, HASH_BYTES, 2 * HASH_BYTES, 0, HASH_BYTES) === 0;
      writeHash256(pair, hashes, left / 2);
    }
  }
  return { root: Buffer.from(hashes.subarray(0, HASH_BYTES)), mutated };
}

/** The bytes of hashes, one behind the other. */
export function hashBytes(hashes: readonly Hash[]): Buffer {
  const bytes = Buffer.allocUnsafe(hashes.length * HASH_BYTES);
  hashes.forEach((hash, i) => bytes.write(hash, i * HASH_BYTES, 'latin1'));
  return bytes;
}
