import { CoinCache, SEEN_MINED, SEEN_RELAYED, SEEN_STALE } from '../../src/mempool/coin-cache';
import { coinbase, spend, wireId } from './build';

describe('CoinCache', () => {
  it('has the values of a transaction by index, and none beyond its outputs', () => {
    const cache = new CoinCache({ capacity: 10 });
    const one = spend([[1, 0]], [5, 0, 2_100_000_000_000_000]);
    const two = spend([[1, 1]], [7]);
    expect([cache.add(wireId(one), one, SEEN_RELAYED), cache.add(wireId(two), two, SEEN_MINED)]).toEqual([
      true,
      true,
    ]);
    expect([0, 1, 2, 3, 0xffff_ffff].map((index) => cache.value(wireId(one), 0, index))).toEqual([
      5,
      0,
      2_100_000_000_000_000,
      undefined,
      undefined,
    ]);
    expect([cache.value(wireId(two), 0, 0), cache.value(wireId(two), 0, 1)]).toEqual([7, undefined]);
    expect(cache.value(Buffer.alloc(32), 0, 0)).toBeUndefined();
  });

  it('remembers where a transaction was seen, even just before it drops it', () => {
    const cache = new CoinCache({ capacity: 2 });
    const [one, ...others] = Array.from({ length: 3 }, (_, i) => coinbase(i));
    if (one === undefined) throw new Error('there is no first');
    cache.add(wireId(one), one, SEEN_RELAYED);
    for (const other of others) cache.add(wireId(other), other, SEEN_MINED);
    expect(cache.add(wireId(one), one, SEEN_MINED)).toBe(false);
    expect(cache.seen(wireId(one))).toBe(SEEN_RELAYED | SEEN_MINED);
    expect(cache.mark(wireId(one), SEEN_STALE, SEEN_MINED)).toBe(true);
    expect(cache.seen(wireId(one))).toBe(SEEN_RELAYED | SEEN_STALE);
    expect(cache.mark(Buffer.alloc(32), SEEN_RELAYED)).toBe(false);
    expect(cache.seen(Buffer.alloc(32))).toBe(0);
  });

  it('remembers the last transactions, at least its capacity and at most twice as many', () => {
    const capacity = 100;
    const cache = new CoinCache({ capacity });
    const transactions = Array.from({ length: 777 }, (_, i) => coinbase(i, i));
    for (const [last, transaction] of transactions.entries()) {
      cache.add(wireId(transaction), transaction, SEEN_MINED);
      const known = transactions.filter((other) => cache.seen(wireId(other)) !== 0);
      expect(known).toEqual(transactions.slice(last + 1 - known.length, last + 1));
      expect(known.length).toBeGreaterThanOrEqual(Math.min(last + 1, capacity));
      expect(known.length).toBeLessThanOrEqual(2 * capacity);
      if (last % 50 === 0)
        for (const other of known) expect(cache.value(wireId(other), 0, 0)).toBe(transactions.indexOf(other));
    }
  });

  it('is bounded in outputs too', () => {
    const cache = new CoinCache({ capacity: 10 });
    const many = Array.from({ length: 5 }, (_, i) => spend([[1, i]], Array<number>(45).fill(i)));
    for (const transaction of many) cache.add(wireId(transaction), transaction, SEEN_RELAYED);
    expect(many.map((transaction) => cache.value(wireId(transaction), 0, 44))).toEqual([
      undefined,
      undefined,
      undefined,
      3,
      4,
    ]);
  });
});
