import { createHash } from 'node:crypto';
import { hashMany, hashPairs } from '../../src/wire/hash-many';
import type * as HashManyModule from '../../src/wire/hash-many';
import type * as Sha256x4 from '../../src/wire/sha256x4';

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** Bytes of every length up to a few blocks of SHA-256, all different. */
function messages(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.from(`${i} `.repeat(i % 80)));
}

type HashMany = typeof hashMany;

function hashes(hash: HashMany, items: readonly Buffer[]): string[] {
  const found = new Map<Buffer, string>();
  hash(
    items,
    (item) => item,
    (item, found256) => found.set(item, Buffer.from(found256, 'latin1').reverse().toString('hex')),
  );
  return items.map((item) => found.get(item) ?? '');
}

/** Hashes pairs in place, as a merkle tree does. */
function pairs(hash: typeof hashPairs, count: number): string[] {
  const bytes = Buffer.from(Array.from({ length: 64 * count }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
  const whole = Array.from({ length: count }, (_, i) => Buffer.from(bytes.subarray(64 * i, 64 * (i + 1))));
  hash(bytes, count, bytes);
  const found = whole.map((_, i) => bytes.subarray(32 * i, 32 * (i + 1)).toString('hex'));
  expect(found).toEqual(whole.map((each) => sha256(sha256(each)).toString('hex')));
  return found;
}

const expected = (items: readonly Buffer[]): string[] =>
  items.map((item) => sha256(sha256(item)).reverse().toString('hex'));

describe('hashMany', () => {
  // Numbers around four, which are hashed at a time, and around the number that fits into the memory.
  it.each([0, 1, 3, 4, 5, 8, 1_023, 1_024, 1_025, 2_500])('hashes %i as OpenSSL does', (count) => {
    const items = messages(count);
    expect(hashes(hashMany, items)).toEqual(expected(items));
  });

  it.each([0, 1, 3, 4, 1_023, 1_024, 1_025, 2_500])('hashes %i pairs in place as OpenSSL does', (count) => {
    expect(pairs(hashPairs, count)).toHaveLength(count);
  });

  it('works without WebAssembly', () => {
    jest.isolateModules(() => {
      jest.doMock('../../src/wire/sha256x4', () => ({
        ...jest.requireActual<typeof Sha256x4>('../../src/wire/sha256x4'),
        compileSha256x4: () => undefined,
      }));
      const without = jest.requireActual<typeof HashManyModule>('../../src/wire/hash-many');
      const items = messages(50);
      expect(hashes(without.hashMany, items)).toEqual(expected(items));
      expect(pairs(without.hashPairs, 50)).toHaveLength(50);
    });
  });

  it('works where WebAssembly does not compile', () => {
    jest.isolateModules(() => {
      const real = globalThis.WebAssembly;
      try {
        Object.defineProperty(globalThis, 'WebAssembly', { value: undefined, configurable: true });
        const { compileSha256x4 } = jest.requireActual<typeof Sha256x4>('../../src/wire/sha256x4');
        expect(compileSha256x4()).toBeUndefined();
      } finally {
        Object.defineProperty(globalThis, 'WebAssembly', { value: real, configurable: true });
      }
    });
  });
});
