import { SmallHeap } from '../../src/cli/heap';
import { collectAll, collectYoung } from '../../src/lib/collect-garbage';

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
  for (used of [15e6, 15.9e6]) heap.look();
  expect(collections).toBe(1);
  used = 16.1e6;
  heap.look();
  expect(collections).toBe(2);
  // A busy node's heap is left to V8.
  used = 60e6;
  heap.look();
  expect(collections).toBe(2);
});

/** Makes 40 MB of garbage in the heap. */
function makeGarbage(): void {
  for (let i = 0; i < 5; i++) new Array<number>(1_000_000).fill(1);
}

it('frees what nothing refers to, with V8’s own function `gc`', () => {
  collectAll();
  const before = process.memoryUsage().heapUsed;
  makeGarbage();
  collectAll();
  expect(process.memoryUsage().heapUsed).toBeLessThan(before + 4e6);
});

it('frees what has survived collections of young garbage, which these leave', () => {
  const used = (): number => process.memoryUsage().heapUsed;
  const held = { objects: Array.from({ length: 300_000 }, (_, i) => ({ i })) };
  collectYoung();
  collectYoung();
  const before = used();
  held.objects = [];
  collectYoung();
  expect(used()).toBeGreaterThan(before - 3e6);
  collectAll();
  expect(used()).toBeLessThan(before - 6e6);
});
