import { TokenBucket } from '../../../src/p2p/budget/token-bucket';

describe('a token bucket', () => {
  it('gives the tokens that it has, and no more', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 0);
    expect(bucket.take(11, 0)).toBe(false);
    expect(bucket.take(10, 0)).toBe(true);
    expect(bucket.take(1, 499)).toBe(false);
    expect(bucket.take(1, 500)).toBe(true);
  });

  it('refills up to its capacity, however long it waits', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 0, 1);
    expect(bucket.left(1_000)).toBe(3);
    expect(bucket.left(1e9)).toBe(10);
  });

  it('keeps tokens above the capacity, and does not refill then', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 0);
    bucket.grant(5);
    expect(bucket.left(1_000)).toBe(15);
    bucket.spend(6, 1_000);
    expect(bucket.left(1_250)).toBe(9.5);
  });

  it('goes into debt, which waiting repays', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 0);
    bucket.spend(14, 0);
    expect(bucket.left(0)).toBe(-4);
    expect(bucket.left(2_000)).toBe(0);
  });

  it('takes nothing back if the given time is earlier', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 1_000, 0);
    expect(bucket.left(0)).toBe(0);
    expect(bucket.left(2_000)).toBe(2);
  });
});
