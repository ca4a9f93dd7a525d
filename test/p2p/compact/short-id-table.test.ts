import { NOWHERE, ShortIdTable } from '../../../src/p2p/compact/short-id-table';

/**
 * The ids of the most transactions that a compact block can have, from 0 on: each at a place of its own, and
 * no place free.
 */
const ROW = Array.from({ length: 65_534 }, (_, i) => i);

describe('ShortIdTable', () => {
  it('searches no longer where the ids follow one another', () => {
    const table = ShortIdTable.of(ROW);
    expect(table?.longestSearch).toBeLessThanOrEqual(64);
    expect([0, 1, 40_000, 65_533].map((id) => table?.find(id))).toEqual([0, 1, 40_000, 65_533]);
    expect(table?.find(65_534)).toBe(NOWHERE);
    expect(table?.find(2 ** 47 + 5)).toBe(NOWHERE);
  });

  it('takes ids that have their lowest bits in common', () => {
    const ids = ROW.slice(0, 20_000).map((i) => i * 2 ** 28);
    const table = ShortIdTable.of(ids);
    expect(ids.filter((id, place) => table?.find(id) !== place)).toEqual([]);
    expect(table?.longestSearch).toBeLessThanOrEqual(64);
  });

  it('refuses an id that is there twice', () => {
    expect(ShortIdTable.of([1, 2, 1])).toBeUndefined();
  });
});
