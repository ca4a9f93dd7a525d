import type { Hash } from './hash';
import { hashPairs } from './hash-many';

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
  while (count > 1) {
    const whole = count >> 1;
    const isOdd = count % 2 === 1;
    if (isOdd) {
      const last = (count - 1) * HASH_BYTES;
      hashes.copy(pair, 0, last, last + HASH_BYTES);
      hashes.copy(pair, HASH_BYTES, last, last + HASH_BYTES);
    }
    for (let i = 0; i < whole && !mutated; i++) mutated = areEqual(hashes, i);
    hashPairs(hashes, whole, hashes);
    if (isOdd) hashPairs(pair, 1, hashes.subarray(whole * HASH_BYTES));
    count = whole + (isOdd ? 1 : 0);
  }
  return { root: Buffer.from(hashes.subarray(0, HASH_BYTES)), mutated };
}

/** Whether the two hashes of a pair are equal. */
function areEqual(hashes: Buffer, pair: number): boolean {
  const left = 2 * pair * HASH_BYTES;
  const right = left + HASH_BYTES;
  // Almost always their first bytes differ.
  if (hashes[left] !== hashes[right]) return false;
  return hashes.compare(hashes, left, right, right, right + HASH_BYTES) === 0;
}

/** The bytes of hashes, one behind the other. */
export function hashBytes(hashes: readonly Hash[]): Buffer {
  const bytes = Buffer.allocUnsafe(hashes.length * HASH_BYTES);
  hashes.forEach((hash, i) => bytes.write(hash, i * HASH_BYTES, 'latin1'));
  return bytes;
}
