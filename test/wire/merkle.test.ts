import { hashBytes, merkleRoot } from '../../src/wire/merkle';
import { readHash } from '../../src/wire/hash';
import { rootOf } from '../chain/mine';

const hash = (n: number): Buffer => Buffer.concat([Buffer.alloc(30, n), Buffer.of(n & 0xff, n >> 8)]);
const hashes = (...numbers: readonly number[]): Buffer => Buffer.concat(numbers.map(hash));

describe('merkleRoot', () => {
  // The last ones fill the memory of the hash function more than once.
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 33, 100, 2_048, 2_051, 4_097])(
    'of %i hashes matches the definition',
    (count) => {
      const numbers = Array.from({ length: count }, (_, i) => i + 1);
      expect(merkleRoot(hashes(...numbers))).toEqual({ root: rootOf(numbers.map(hash)), mutated: false });
    },
  );

  it('of none is zero', () => {
    expect(merkleRoot(Buffer.alloc(0))).toEqual({ root: Buffer.alloc(32), mutated: false });
  });

  // CVE-2012-2459: each list has the same root as the one before it.
  it.each([
    ['three and their last again', [1, 2, 3], [1, 2, 3, 3]],
    ['a pair again', [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 5, 6]],
  ])('tells duplicates from an odd last hash: %s', (_, right, copied) => {
    const plain = merkleRoot(hashes(...right));
    const mutated = merkleRoot(hashes(...copied));
    expect(mutated.root).toEqual(plain.root);
    expect([plain.mutated, mutated.mutated]).toEqual([false, true]);
  });

  it('accepts equal hashes in different pairs', () => {
    expect(merkleRoot(hashes(1, 2, 2, 1)).mutated).toBe(false);
  });

  it('takes hashes one by one', () => {
    const counted = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
    expect(hashBytes([readHash(counted, 0), readHash(hash(9), 0)])).toEqual(
      Buffer.concat([counted, hash(9)]),
    );
  });
});
