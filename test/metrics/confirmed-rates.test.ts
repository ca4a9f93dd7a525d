import { ConfirmedRates } from '../../src/metrics/confirmed-rates';

describe('ConfirmedRates', () => {
  it('holds each estimate to the least that one of the blocks took', () => {
    const rates = new ConfirmedRates();
    expect(rates.add(9, [10, 5, 2])).toEqual([]);
    expect(rates.add(8, [11, 6, 3])).toEqual([{ within: 1, estimate: 10, needed: 8 }]);
    expect(rates.add(20, [12, 7, 4])).toEqual([{ within: 1, estimate: 11, needed: 20 }]);
    expect(rates.add(7, [13, 8, 5])).toEqual([
      { within: 1, estimate: 12, needed: 7 },
      { within: 3, estimate: 5, needed: 7 },
    ]);
    // An empty block takes nothing: only the blocks before it say what was needed.
    expect(rates.add(undefined, [14, 9, 6])).toEqual([{ within: 3, estimate: 6, needed: 7 }]);
    expect(rates.add(30, [15, 10, 7])).toEqual([
      { within: 1, estimate: 14, needed: 30 },
      { within: 3, estimate: 7, needed: 7 },
    ]);
    expect(rates.add(40, undefined)).toEqual([
      { within: 1, estimate: 15, needed: 40 },
      { within: 3, estimate: 8, needed: 30 },
      { within: 6, estimate: 2, needed: 7 },
    ]);
    expect(rates.add(50, [1, 1, 1]).map(({ within }) => within)).toEqual([3, 6]);
    rates.clear();
    expect(rates.add(60, [1, 1, 1])).toEqual([]);
  });
});
