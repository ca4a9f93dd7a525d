import { Orphans } from '../../src/mempool/orphans';
import { fakeHash } from '../support/fake-hash';

describe('Orphans', () => {
  it('counts each child once, however many parents it waits for', () => {
    const orphans = new Orphans();
    for (const [child, parent] of [
      [1, 'a'],
      [1, 'a'],
      [1, 'b'],
      [2, 'b'],
    ] as const)
      orphans.wait(child, fakeHash(parent));
    expect(orphans.count).toBe(2);
    orphans.arrived(fakeHash('b'));
    orphans.arrived(fakeHash('nobody'));
    expect(orphans.count).toBe(1);
    orphans.forget(1);
    orphans.forget(1);
    expect(orphans.count).toBe(0);
  });

  it.each([
    ['children of one parent', 10_000, (i: number) => ({ child: i, parent: 'p' }), 1],
    ['parents of one child', 1, (i: number) => ({ child: 0, parent: `${i}` }), 2],
    ['pairs', 10_000, (i: number) => ({ child: i, parent: `${i}` }), 10_000],
  ])('is bounded by dropping the oldest parent: %s', (_, before, pair, after) => {
    const orphans = new Orphans();
    for (let i = 0; i < 10_000; i++) {
      const { child, parent } = pair(i);
      orphans.wait(child, fakeHash(parent));
    }
    expect(orphans.count).toBe(before);
    orphans.wait(-1, fakeHash('last'));
    expect(orphans.count).toBe(after);
    orphans.arrived(fakeHash('last'));
    for (let i = 0; i < 10_000; i++) orphans.forget(i);
    expect(orphans.count).toBe(0);
  });
});
