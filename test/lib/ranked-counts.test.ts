import fc from 'fast-check';
import { RankedCounts } from '../../src/lib/ranked-counts';

/** The same from a sorted list of all values. */
function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

describe('RankedCounts', () => {
  it('tells what a sorted list of all values tells, as they come and go', () => {
    const steps = fc.array(fc.record({ value: fc.integer({ min: -4, max: 6 }), isComing: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const ranked = new RankedCounts();
        const values: number[] = [];
        for (const { value, isComing } of all) {
          ranked.add(value, isComing ? 1 : -1);
          if (isComing) values.push(value);
          else if (values.includes(value)) values.splice(values.indexOf(value), 1);
          expect(ranked.total).toBe(values.length);
        }
        expect(ranked.quantile(share)).toBe(quantileOf(values, share));
        for (const limit of [-5, -4, 0.5, 3, 7])
          expect(ranked.below(limit)).toBe(values.filter((value) => value < limit).length);
      }),
    );
  });

  it('tells the same with many different values, as cells are divided and joined', () => {
    // Every value comes and goes in another order: 7 and 1,000 have no common factor.
    const ranked = new RankedCounts();
    const values = new Set<number>();
    const check = (): void => {
      const all = [...values];
      expect(ranked.total).toBe(all.length);
      for (const share of [0, 0.1, 0.5, 0.9, 1]) expect(ranked.quantile(share)).toBe(quantileOf(all, share));
      for (const limit of [-Infinity, 0, 333, 499.5, 1_000, Infinity])
        expect(ranked.below(limit)).toBe(all.filter((value) => value < limit).length);
    };
    for (const isComing of [true, false, true, false])
      for (let i = 0; i < 1_000; i++) {
        const value = (i * 7 + (isComing ? 0 : 13)) % 1_000;
        ranked.add(value, isComing ? 1 : -1);
        if (isComing) values.add(value);
        else values.delete(value);
        if (i % 50 === 0) check();
      }
    check();
    expect(ranked.quantile(0.5)).toBeNaN();
  });

  it('takes 0 and -0 for one, and tells 0', () => {
    const ranked = new RankedCounts();
    ranked.add(-0, 1);
    expect(Object.is(ranked.quantile(0.5), 0)).toBe(true);
    ranked.add(0, 1);
    expect(ranked.total).toBe(2);
    ranked.add(-0, -2);
    expect(ranked.quantile(0.5)).toBeNaN();
  });
});
