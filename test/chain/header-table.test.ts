import { HeaderTable } from '../../src/chain/header-table';

/** Hashes with the same lowest word; with cheap proof of work anybody can make them. */
function hashWith(number: number): Buffer {
  const hash = Buffer.alloc(32);
  hash.writeUInt32LE(0x1234_5678, 0);
  hash.writeUInt32LE(number, 4);
  return hash;
}

describe('HeaderTable', () => {
  it('finds headers whose hashes begin alike as fast as others', () => {
    const table = new HeaderTable();
    const record = { parent: 0, height: 0, time: 0, bits: 0, work: 1n };
    for (let i = 0; i < 20_000; i++) expect(table.add(hashWith(i), 0, record)).toBe(i);
    for (let i = 0; i < 20_000; i += 97) expect(table.find(hashWith(i), 0)).toBe(i);
    expect(table.find(hashWith(20_000), 0)).toBe(-1);
    expect(table.hash(77)).toEqual(hashWith(77));
    // By chance it is under 100 in a half full index.
    expect(table.longestSearch).toBeLessThan(400);
  });
});
