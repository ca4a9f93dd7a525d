import { PeerParts } from '../../../src/web/page/peer-parts';
import { rowWindow } from '../../../src/web/page/row-window';
import { peer } from '../../support/fake-live';

it('a short table is in the document as a whole', () => {
  expect(rowWindow(300, { scrollPx: 5_000, heightPx: 200, rowPx: 27 })).toEqual({
    ...{ from: 0, to: 300, abovePx: 0, belowPx: 0 },
  });
});

it.each([0, 26, 27, 10_000, 270_000, 539_800, 999_999])(
  'of 20,000 rows it is what is in sight at %d',
  (scrollPx) => {
    const { from, to, abovePx, belowPx } = rowWindow(20_000, { scrollPx, heightPx: 200, rowPx: 27 });
    expect(to - from).toBeLessThanOrEqual(68);
    expect(abovePx + (to - from) * 27 + belowPx).toBe(20_000 * 27);
    const seen = Math.min(scrollPx, 20_000 * 27 - 200);
    expect(abovePx).toBeLessThanOrEqual(seen);
    expect(to * 27).toBeGreaterThanOrEqual(seen + 200);
  },
);

it('puts a list of peers together that comes in parts', () => {
  const parts = new PeerParts();
  const ids = (from: number, total: number, ...of: number[]): number[] | undefined =>
    parts.add({ from, total, peers: of.map(peer) })?.map(({ id }) => id);
  // Opened in the middle of a list.
  expect(ids(2, 4, 3, 4)).toBeUndefined();
  expect(ids(0, 4, 1, 2)).toEqual([1, 2]);
  expect(ids(2, 4, 3, 4)).toEqual([1, 2, 3, 4]);
  // From then on whole lists alone.
  expect(ids(0, 3, 1, 2)).toBeUndefined();
  expect(ids(2, 3, 5)).toEqual([1, 2, 5]);
  // A part is missing, and then the whole list.
  expect(ids(0, 5, 1, 2)).toBeUndefined();
  expect(ids(3, 5, 4, 5)).toBeUndefined();
  expect(ids(0, 2, 1)).toBeUndefined();
  expect(ids(1, 2, 2)).toEqual([1, 2]);
});
