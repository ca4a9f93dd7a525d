import type { Clock } from '../../src/lib/clock';
import { Drops } from '../../src/export/drops';

describe('warnings of dropped points', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('come once a minute at most, with all points dropped meanwhile', () => {
    const warnings: string[] = [];
    const clock: Clock = { uniqueNs: () => 0n, monotonicMs: () => Date.now() };
    const drops = new Drops({ warn: (message) => warnings.push(message), clock });
    drops.add(0, 'full');
    jest.advanceTimersByTime(5000);
    expect(warnings).toEqual([]);

    for (let i = 0; i < 10; i++) drops.add(1, 'full');
    jest.advanceTimersByTime(1000);
    expect(warnings).toEqual(['points dropped: 10 because the queue was full; 10 since the start']);

    for (let i = 0; i < 59; i++) {
      drops.add(1, 'full');
      drops.add(2, 'unwritable', `example ${i}`);
      jest.advanceTimersByTime(1000);
    }
    expect(warnings).toHaveLength(1);
    jest.advanceTimersByTime(1000);
    expect(warnings.slice(1)).toEqual([
      'points dropped: 59 because the queue was full, 118 that can never be written (one of them: example 0); ' +
        '187 since the start',
    ]);
    jest.advanceTimersByTime(120_000);
    expect(warnings).toHaveLength(2);
    expect(drops.total).toBe(187);
  });
});
