import { TokenBucket } from '../../../src/p2p/budget/token-bucket';

describe('a token bucket', () => {
  it('gives what is there, and nothing of what is not', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 0);
    expect(bucket.take(11, 0)).toBe(false);
    expect(bucket.take(10, 0)).toBe(true);
    expect(bucket.take(1, 499)).toBe(false);
    expect(bucket.take(1, 500)).toBe(true);
  });

  it('fills up to its capacity, however long it waits', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 0, 1);
    expect(bucket.left(1_000)).toBe(3);
    expect(bucket.left(1e9)).toBe(10);
  });

  it('keeps what was granted above the capacity, and adds nothing to it', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 0);
    bucket.grant(5);
    expect(bucket.left(1_000)).toBe(15);
    bucket.spend(6, 1_000);
    expect(bucket.left(1_250)).toBe(9.5);
  });

  it('goes into debt, and comes out of it by waiting', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 0);
    bucket.spend(14, 0);
    expect(bucket.left(0)).toBe(-4);
    expect(bucket.left(2_000)).toBe(0);
  });

  it('takes nothing back where the time handed in is earlier', () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 2 }, 1_000, 0);
    expect(bucket.left(0)).toBe(0);
    expect(bucket.left(2_000)).toBe(2);
  });
});
