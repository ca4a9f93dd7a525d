import { AnnouncementTimes } from '../../src/metrics/announcement-times';
import type { Hash } from '../../src/wire/hash';
import { fakeHash } from '../support/fake-hash';

const hash = (n: number): Hash => fakeHash(String.fromCharCode(n & 0xff, n >> 8));

describe('announcement times', () => {
  it('keep the first time of each until it is taken', () => {
    const times = new AnnouncementTimes(10);
    times.note(hash(1), 5);
    times.note(hash(1), 7);
    times.note(hash(2), 8);
    expect(times.take(hash(1))).toBe(5);
    expect(times.take(hash(1))).toBeUndefined();
    expect(times.take(hash(2))).toBe(8);
  });

  it('hold the last ones, and at most twice as many as they must', () => {
    const times = new AnnouncementTimes(100);
    for (let n = 0; n < 1_000; n++) times.note(hash(n), n);
    const kept = Array.from({ length: 1_000 }, (_, n) => times.take(hash(n))).filter(
      (time) => time !== undefined,
    );
    expect(kept.length).toBeLessThanOrEqual(200);
    expect(kept.slice(-100)).toEqual(Array.from({ length: 100 }, (_, i) => 900 + i));
  });
});
