import { RollingHashes } from '../../src/lib/rolling-hashes';

const hash = (n: number): string => `\xff\0${n}`.padEnd(32, '\x80');

describe('rolling hashes', () => {
  it('are remembered in all of their bytes', () => {
    const hashes = new RollingHashes(10);
    hashes.add(hash(1));
    hashes.add(hash(1));
    expect([hashes.has(hash(1)), hashes.has(hash(2)), hashes.has(`${hash(1).slice(0, -1)}\0`)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('hold the last ones, and at most twice as many as their capacity', () => {
    const hashes = new RollingHashes(100);
    for (let n = 0; n < 1_000; n++) hashes.add(hash(n));
    const kept = Array.from({ length: 1_000 }, (_, n) => n).filter((n) => hashes.has(hash(n)));
    expect(kept.length).toBeLessThanOrEqual(200);
    expect(kept.slice(-100)).toEqual(Array.from({ length: 100 }, (_, i) => 900 + i));
  });

  it('stay remembered if they are added again', () => {
    const hashes = new RollingHashes(100);
    for (let n = 0; n < 1_000; n++) {
      hashes.add(hash(n));
      hashes.add(hash(-1));
      expect(hashes.has(hash(-1))).toBe(true);
    }
  });
});
