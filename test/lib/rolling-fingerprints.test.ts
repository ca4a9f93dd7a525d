import { createHash, randomBytes } from 'node:crypto';
import { FINGERPRINT_SECRET_BYTES, HashFingerprint } from '../../src/lib/hash-fingerprint';
import { RollingFingerprints } from '../../src/lib/rolling-fingerprints';
import { collidingKeys } from '../support/colliding-keys';

const PRIME = 0x7fff_ffffn;
const WORDS = 16;

/** A half of a fingerprint by its definition, with numbers of any size. */
function byDefinition(key: Buffer, secret: Buffer, half: 0 | 1): number {
  const factor = (i: number): bigint => BigInt(secret.readUInt32LE(4 * (half * (WORDS + 1) + i))) % PRIME;
  let sum = factor(WORDS);
  for (let i = 0; i < WORDS; i++) sum += BigInt(key.readUInt16LE(2 * i)) * factor(i);
  return Number(sum % PRIME);
}

const hashOf = (n: number): string => createHash('sha256').update(String(n)).digest('binary');

describe('HashFingerprint', () => {
  it('is what its definition says', () => {
    for (const secret of [
      randomBytes(FINGERPRINT_SECRET_BYTES),
      Buffer.alloc(FINGERPRINT_SECRET_BYTES, 0xff),
    ])
      for (const key of [randomBytes(32), Buffer.alloc(32, 0xff), Buffer.alloc(32)]) {
        const fingerprint = new HashFingerprint(secret);
        fingerprint.take(key.toString('latin1'));
        expect([fingerprint.low, fingerprint.high]).toEqual([
          byDefinition(key, secret, 0),
          byDefinition(key, secret, 1),
        ]);
      }
  });

  it('is another one for each hash, also where it is taken again', () => {
    const fingerprint = new HashFingerprint();
    const all = [1, 2, 1, 1, 3].map((n) => {
      fingerprint.take(hashOf(n));
      return `${fingerprint.low} ${fingerprint.high}`;
    });
    expect(new Set(all).size).toBe(3);
    expect([all[2], all[3]]).toEqual([all[0], all[0]]);
  });
});

describe('RollingFingerprints', () => {
  it.each([1, 2, 100, 40_000, 70_000])('hold the last %i, and nothing that was not added', (capacity) => {
    const set = new RollingFingerprints(capacity);
    const fingerprint = new HashFingerprint();
    const count = Math.ceil(3.5 * capacity);
    for (let n = 0; n < count; n++) {
      fingerprint.take(hashOf(n));
      if (set.has(fingerprint)) throw new Error(`${n} is known before it was added`);
      set.add(fingerprint);
      set.add(fingerprint);
      if (!set.has(fingerprint)) throw new Error(`${n} is not known`);
    }
    const has = (n: number): boolean => {
      fingerprint.take(hashOf(n));
      return set.has(fingerprint);
    };
    const all = Array.from({ length: 2 * count }, (_, n) => n).filter(has);
    expect(all.slice(-capacity)).toEqual(Array.from({ length: capacity }, (_, i) => count - capacity + i));
    expect(all.length).toBeLessThanOrEqual(2 * (capacity === 1 ? 1 : capacity * 1.05));
  });

  it('keep what is added again', () => {
    const set = new RollingFingerprints(1_000);
    const fingerprint = new HashFingerprint();
    for (let n = 0; n < 10_000; n++) {
      fingerprint.take(hashOf(n));
      set.add(fingerprint);
      if (n % 900 > 0) continue;
      fingerprint.take(hashOf(-1));
      expect(set.has(fingerprint)).toBe(n > 0);
      set.add(fingerprint);
    }
  });

  it('tell hashes apart that differ in the highest bits of their words alone, and search them fast', () => {
    const set = new RollingFingerprints(16_384);
    const fingerprint = new HashFingerprint();
    for (const key of collidingKeys(16_384, 32)) {
      fingerprint.take(key.toString('latin1'));
      expect(set.has(fingerprint)).toBe(false);
      set.add(fingerprint);
    }
    // By chance 20, and about 200 in a full set.
    expect(set.longestSearch).toBeLessThan(1_000);
  });
});
