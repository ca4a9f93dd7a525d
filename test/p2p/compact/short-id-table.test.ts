import { NOWHERE, ShortIdTable } from '../../../src/p2p/compact/short-id-table';

/** As many ids as a compact block can have, from 0 on: each has its own slot, and no slot is free. */
const ROW = Array.from({ length: 65_534 }, (_, i) => i);

describe('ShortIdTable', () => {
  it('searches no longer if the ids are consecutive', () => {
    const table = ShortIdTable.of(ROW);
    expect(table?.longestSearch).toBeLessThanOrEqual(64);
    expect([0, 1, 40_000, 65_533].map((id) => table?.find(id))).toEqual([0, 1, 40_000, 65_533]);
    expect(table?.find(65_534)).toBe(NOWHERE);
    expect(table?.find(2 ** 47 + 5)).toBe(NOWHERE);
  });

  it('accepts ids with equal lowest bits', () => {
    const ids = ROW.slice(0, 20_000).map((i) => i * 2 ** 28);
    // The secret is fixed: with random ones 189 of 47,058 tables of these ids were refused.
    const table = ShortIdTable.of(ids, Buffer.from('a secret that never changes'));
    expect(ids.filter((id, place) => table?.find(id) !== place)).toEqual([]);
    expect(table?.longestSearch).toBeLessThanOrEqual(64);
  });

  it('refuses an id that occurs twice', () => {
    expect(ShortIdTable.of([1, 2, 1])).toBeUndefined();
  });
});
