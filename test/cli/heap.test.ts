import { SmallHeap } from '../../src/cli/heap';
import { collectAll } from '../../src/lib/collect-garbage';

it('collects the garbage of a small heap where there is much', () => {
  let used = 18e6;
  let collections = 0;
  const collect = (): void => {
    collections++;
    used = 15e6;
  };
  const heap = new SmallHeap({ usedBytes: () => used, collect });
  heap.look();
  expect(collections).toBe(1);
  // No garbage, and a little.
  for (used of [15e6, 16.9e6]) heap.look();
  expect(collections).toBe(1);
  used = 17.1e6;
  heap.look();
  expect(collections).toBe(2);
  // A busy node's heap is left to V8.
  used = 60e6;
  heap.look();
  expect(collections).toBe(2);
});

it('frees what nothing refers to, with V8’s own function `gc`', () => {
  const freed = new WeakRef({ list: new Array<number>(1_000).fill(1) });
  return new Promise<void>((resolve) => {
    // A reference that was read in this turn keeps its object until the next one.
    setImmediate(() => {
      collectAll();
      expect(freed.deref()).toBeUndefined();
      resolve();
    });
  });
});
