import { Generations } from '../../src/lib/generations';
import { RollingSet } from '../../src/lib/rolling-set';

describe('two generations', () => {
  it('drop the old one when the young one is full', () => {
    const generations = new Generations<string[]>(
      () => [],
      ({ length }) => length >= 2,
    );
    for (const entry of ['a', 'b', 'c', 'd', 'e']) generations.forNewEntry().push(entry);
    expect([generations.old, generations.young]).toEqual([['c', 'd'], ['e']]);
  });
});

describe('a rolling set', () => {
  it('remembers at least the last values and at most twice as many', () => {
    const set = new RollingSet(3);
    for (const value of ['a', 'b', 'c', 'd']) set.add(value);
    expect(['a', 'd'].map((value) => set.has(value))).toEqual([true, true]);
    for (const value of ['e', 'f', 'g']) set.add(value);
    expect(['a', 'c', 'd', 'g'].map((value) => set.has(value))).toEqual([false, false, true, true]);
  });

  it('takes a value once, however often it is added', () => {
    const set = new RollingSet(2);
    set.add('old');
    for (let n = 0; n < 10; n++) set.add('same');
    expect(set.has('old')).toBe(true);
  });

  it('forgets a value that is deleted, from either generation', () => {
    const set = new RollingSet(1);
    set.add('a');
    set.add('b');
    set.delete('a');
    set.delete('b');
    expect([set.has('a'), set.has('b')]).toEqual([false, false]);
  });
});
