import { Visits } from '../../src/bcoin/visits';

describe('visits', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('come once in a period for each item, the first one a period after it was added', () => {
    const visited: string[] = [];
    const visits = new Visits<string>(5_000, (item) => visited.push(item));
    visits.add('a');
    jest.advanceTimersByTime(2_000);
    visits.add('b');
    jest.advanceTimersByTime(2_950);
    expect(visited).toEqual([]);
    jest.advanceTimersByTime(50);
    expect(visited).toEqual(['a']);
    jest.advanceTimersByTime(2_000);
    expect(visited).toEqual(['a', 'b']);
    jest.advanceTimersByTime(10_000);
    expect(visited).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('are spread over the period', () => {
    const visits = new Visits<number>(5_000, () => undefined);
    const slots = new Set(
      Array.from({ length: 20 }, (_, i) => {
        const slot = visits.add(i);
        jest.advanceTimersByTime(250);
        return slot;
      }),
    );
    expect(slots.size).toBe(20);
  });

  it('end for an item that is removed, also while items are visited, and need no timer without items', () => {
    const visited: string[] = [];
    const slots = new Map<string, number>();
    const visits = new Visits<string>(5_000, (item): void => {
      visited.push(item);
      for (const [other, slot] of slots) visits.delete(other, slot);
    });
    for (const item of ['a', 'b', 'c']) slots.set(item, visits.add(item));
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(20_000);
    expect(visited).toEqual(['a']);
    expect(jest.getTimerCount()).toBe(0);
    visits.add('d');
    expect(jest.getTimerCount()).toBe(1);
  });

  it('are not ended by an item that is not there', () => {
    const visited: string[] = [];
    const visits = new Visits<string>(5_000, (item) => visited.push(item));
    const slot = visits.add('a');
    visits.delete('b', slot);
    visits.delete('a', -1);
    jest.advanceTimersByTime(5_000);
    expect(visited).toEqual(['a']);
  });
});
