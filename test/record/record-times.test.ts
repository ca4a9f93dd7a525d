import { GRID_NS } from '../../src/lib/point-times';
import { SystemClock } from '../../src/lib/clock';
import { FactBodies } from '../../src/record/fact-bodies';
import { RecordTimes } from '../../src/record/record-times';

const EPOCH_NS = 1_790_000_000_000_000_000n;

describe('the times of records', () => {
  it('are those of the monotonic clock, and follow the unique times ten times a second', () => {
    const clock = { ms: 0, ns: EPOCH_NS, asked: 0 };
    const times = new RecordTimes(
      { monotonicMs: () => clock.ms, uniqueNs: () => ((clock.asked += 1), clock.ns) },
      EPOCH_NS,
    );
    const behind = -Number(GRID_NS);
    expect(times.now()).toBe(behind);
    clock.ms = 99.000001;
    expect(times.now()).toBe(behind + 99_000_001);
    expect(clock.asked).toBe(1);
    // The wall clock is 5 s ahead by now.
    clock.ms = 100;
    clock.ns += 5_100_000_000n;
    expect(times.now()).toBe(behind + 5_100_000_000);
    expect(times.timeNs(times.now())).toBe(EPOCH_NS + 5_100_000_000n - GRID_NS);
    expect(clock.asked).toBe(2);
  });

  it('are never after the unique times that are told next', () => {
    const clock = new SystemClock();
    const times = new RecordTimes(clock, clock.uniqueNs());
    for (let i = 0; i < 20_000; i++) {
      const time = times.timeNs(times.now());
      expect(clock.uniqueNs() >= time).toBe(true);
    }
  });
});

it('a fact has the bytes of its JSON, each time', () => {
  const bodies = new FactBodies();
  const fields = [
    {},
    ...[0, 1, 999, 1_000, -1, 1.5, 2 ** 40].map((count) => ({ count })),
    { reason: 'stopped' },
    { flag: true },
    { count: 1, reason: 'x' },
    { count: undefined },
  ];
  for (let round = 0; round < 2; round++)
    for (const event of ['announced', 'requested'])
      for (const each of fields)
        expect(bodies.of(event, each).toString()).toBe(JSON.stringify({ event, ...each }));
});
