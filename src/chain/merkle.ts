import { type Hash, writeHash256 } from '../wire/hash';

const HASH_BYTES = 32;

export interface MerkleRoot {
  /** In wire order. */
  readonly root: Buffer;
  /**
   * Whether two hashes that are hashed together are equal. The last hash of an odd number is hashed with
   * itself. So a list that ends with duplicates has the same root as the list without them (CVE-2012-2459).
   */
  readonly mutated: boolean;
}

/**
 * The root over concatenated hashes in wire order. `hashes` is overwritten. The root of an empty list is 32
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
