import { SeededRandom } from '../../src/demo/random';

describe('SeededRandom', () => {
  it('is the same for the same seed, and different for another', () => {
    const draw = (seed: string): string => {
      const random = new SeededRandom(seed);
      return `${random.bytes(8).toString('hex')} ${random.between(0, 1_000_000)}`;
    };
    expect(draw('a')).toBe(draw('a'));
    expect(draw('a')).not.toBe(draw('b'));
  });

  it('stays within its bounds and reaches both', () => {
    const random = new SeededRandom('bounds');
    const drawn = new Set(Array.from({ length: 200 }, () => random.between(2, 5)));
    expect([...drawn].sort()).toEqual([2, 3, 4, 5]);
    for (let i = 0; i < 200; i++) {
      const value = random.magnitude(3, 400);
      expect(value).toBeGreaterThanOrEqual(3);
      expect(value).toBeLessThanOrEqual(400);
    }
  });
});
