import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { ShortIds } from '../../../src/p2p/compact/short-ids';
import { NOWHERE, ShortIdTable } from '../../../src/p2p/compact/short-id-table';
import { sipHash } from '../../wire/messages/siphash';

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

describe('short ids', () => {
  it('are the lower 48 bits of SipHash-2-4 with the key of header and nonce', () => {
    const bytes = (length: number): fc.Arbitrary<Buffer> =>
      fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(
        bytes(80),
        fc.bigInt(0n, 2n ** 64n - 1n),
        bytes(40),
        fc.nat(8),
        (header, nonce, memory, start) => {
          const salt = Buffer.alloc(8);
          salt.writeBigUInt64LE(nonce);
          const key = createHash('sha256').update(header).update(salt).digest();
          const expected = sipHash(key, memory.subarray(start, start + 32)) & 0xffff_ffff_ffffn;
          expect(new ShortIds(header, nonce).of(viewOf(memory), start)).toBe(Number(expected));
        },
      ),
    );
  });
});

describe('a table of short ids', () => {
  const random = (count: number): number[] =>
    Array.from({ length: count }, () => randomBytes(6).readUIntLE(0, 6));

  it('finds the index of each id, and no other id', () => {
    for (const count of [0, 1, 2, 3, 1_000, 65_535]) {
      const ids = random(count);
      const table = ShortIdTable.of(ids);
      expect(ids.findIndex((id, place) => table?.find(id) !== place)).toBe(-1);
      expect(random(1_000).every((id) => table?.find(id) === NOWHERE)).toBe(true);
    }
  });

  it('refuses ids with a duplicate', () => {
    expect(ShortIdTable.of([3, 1, 2, 1])).toBeUndefined();
  });

  it('finds ids as fast if a sender chose them to collide', () => {
    const ids = Array.from({ length: 65_535 }, (_, i) => (i + 1) * 2 ** 17);
    expect(ShortIdTable.of(ids)?.longestSearch).toBeLessThanOrEqual(64);
  });
});
