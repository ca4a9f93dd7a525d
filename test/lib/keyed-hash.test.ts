import { randomBytes } from 'node:crypto';
import { KeyedHash, secretBytes } from '../../src/lib/keyed-hash';
import { collidingKeys } from '../support/colliding-keys';

const PRIME = 0x7fff_ffffn;

/** The hash by its definition, with numbers of any size. */
function byDefinition(key: Buffer, secret: Buffer): number {
  const factor = (i: number): bigint => BigInt(secret.readUInt32LE(4 * i)) % PRIME;
  let sum = factor(0);
  for (let i = 0; i < key.length / 2; i++) sum += BigInt(key.readUInt16LE(2 * i)) * factor(i + 1);
  return Number(sum % PRIME);
}

describe('KeyedHash', () => {
  it.each([4, 8, 32, 36, 120])('is what its definition says, for keys of %i bytes', (length) => {
    for (const secret of [randomBytes(secretBytes(length)), Buffer.alloc(secretBytes(length), 0xff)])
      for (const key of [randomBytes(length), Buffer.alloc(length, 0xff), Buffer.alloc(length)]) {
        const bytes = Buffer.concat([Buffer.alloc(3, 7), key, Buffer.alloc(5, 9)]);
        expect(new KeyedHash(length, secret).of(bytes, 3)).toBe(byDefinition(key, secret));
      }
  });

  it('hashes a number as its bytes', () => {
    const hash = new KeyedHash(8);
    for (const value of [0, 1, 0xffff, 0x8000_0000, 0xffff_ffff, 2 ** 48 - 1, 0x1234_5678_9abc]) {
      const bytes = Buffer.alloc(8);
      bytes.writeUIntLE(value, 0, 6);
      expect(hash.ofUint48(value)).toBe(hash.of(bytes, 0));
    }
  });

  it('has a secret of its own in each object', () => {
    const key = randomBytes(32);
    const hashes = Array.from({ length: 8 }, () => new KeyedHash(32).of(key, 0));
    expect(new Set(hashes).size).toBeGreaterThan(1);
  });

  it.each([32, 36])(
    'spreads keys of %i bytes that differ in the highest bits of their words alone',
    (length) => {
      const hash = new KeyedHash(length);
      const counts = new Map<number, number>();
      for (const key of collidingKeys(16_384, length)) {
        const place = hash.of(key, 0) & 0x3fff;
        counts.set(place, (counts.get(place) ?? 0) + 1);
      }
      // By chance 7 or 8; more than 20 once in 10^13.
      expect(Math.max(...counts.values())).toBeLessThan(20);
    },
  );
});
