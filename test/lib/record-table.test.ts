import fc from 'fast-check';
import { NONE, RecordTable } from '../../src/lib/record-table';
import { collidingKeys } from '../support/colliding-keys';

/** A key of 36 bytes, only a few of which differ from those of other keys. */
function key(number: number): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeUInt32LE(number, 2 + 4 * (number % 9));
  return bytes;
}

describe('RecordTable', () => {
  it('does what a Map does', () => {
    const operations = fc.array(
      fc.record({ number: fc.nat(300), insert: fc.boolean(), value: fc.double({ noNaN: true }) }),
      { maxLength: 600 },
    );
    fc.assert(
      fc.property(operations, (list) => {
        const table = new RecordTable(36, 12);
        const map = new Map<number, number>();
        for (const { number, insert, value } of list) {
          let slot = table.find(key(number), 2);
          expect(slot !== NONE).toBe(map.has(number));
          if (slot !== NONE && !insert) {
            table.remove(slot);
            map.delete(number);
          } else if (insert) {
            if (slot === NONE) {
              slot = table.insert(key(number), 2);
              expect([table.getDouble(slot, 0), table.getUint(slot, 8)]).toEqual([0, 0]);
            }
            table.setDouble(slot, 0, value);
            table.setUint(slot, 8, number);
            map.set(number, value);
          }
        }
        expect(table.size).toBe(map.size);
        for (let number = 0; number <= 300; number++) {
          const slot = table.find(key(number), 2);
          expect(slot === NONE ? undefined : table.getDouble(slot, 0)).toBe(map.get(number));
          if (slot === NONE) continue;
          const copy = Buffer.alloc(36);
          table.copyKey(slot, copy);
          expect(copy).toEqual(key(number).subarray(2, 38));
          expect(table.getUint(slot, 8)).toBe(number);
        }
      }),
    );
  });

  it('finds each of many records, and counts slots up from 0 as long as nothing is removed', () => {
    const table = new RecordTable(32, 4);
    const keys = Array.from({ length: 10_000 }, (_, i) => {
      const bytes = Buffer.alloc(32);
      bytes.writeUInt32LE(i, 28);
      return bytes;
    });
    for (const [i, bytes] of keys.entries()) {
      expect(table.find(bytes, 0)).toBe(NONE);
      expect(table.insert(bytes, 0)).toBe(i);
      table.setInt(i, 0, 7 - i);
    }
    expect(keys.map((bytes) => table.getInt(table.find(bytes, 0), 0))).toEqual(keys.map((_, i) => 7 - i));
  });

  it.each([32, 36])('has short chains for keys of %i bytes that a stranger has chosen', (length) => {
    const table = new RecordTable(length, 4);
    for (const bytes of collidingKeys(50_000, length)) table.insert(bytes, 0);
    expect(table.size).toBe(50_000);
    // By chance 9 or 10.
    expect(table.longestSearch).toBeLessThan(25);
  });

  it('has chains that depend on its secret', () => {
    const keys = collidingKeys(100, 32);
    const fill = (secret: Buffer): number => {
      const table = new RecordTable(32, 0, secret);
      for (const bytes of keys) table.insert(bytes, 0);
      return table.longestSearch;
    };
    expect(fill(Buffer.alloc(68))).toBe(100);
    expect(fill(Buffer.alloc(68, 0x5a))).toBe(fill(Buffer.alloc(68, 0x5a)));
  });
});
