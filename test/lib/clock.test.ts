import { type ClockStep, SystemClock, describeStep } from '../../src/lib/clock';
import { remainderOf } from '../../src/lib/point-times';
import { FailureError } from '../../src/lib/errors';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 29, 12);

/** A clock whose time a test sets. Each reading of the monotonic clock takes 7 ns. */
function setUp(startMs = START_MS): {
  readonly clock: SystemClock;
  readonly steps: ClockStep[];
  /** Lets time pass. */
  readonly pass: (ms: number) => void;
  /** Sets the wall clock. */
  readonly set: (ms: number) => void;
  readonly wallNs: () => bigint;
} {
  let wallNs = BigInt(startMs) * 1_000_000n;
  let monotonicNs = 5_000_000_000n;
  const clock = new SystemClock({
    wallMs: () => Number(wallNs / 1_000_000n),
    monotonicNs: () => {
      wallNs += 7n;
      return (monotonicNs += 7n);
    },
  });
  const steps: ClockStep[] = [];
  clock.onStep((step) => steps.push(step));
  return {
    clock,
    steps,
    pass: (ms) => {
      wallNs += BigInt(ms) * 1_000_000n;
      monotonicNs += BigInt(ms) * 1_000_000n;
    },
    set: (ms) => (wallNs += BigInt(ms) * 1_000_000n),
    wallNs: () => wallNs,
  };
}

describe('SystemClock', () => {
  it('never returns a time twice and stays with the wall clock', () => {
    const clock = new SystemClock();
    let last = 0n;
    let repeated = 0;
    for (let i = 0; i < 200_000; i++) {
      const now = clock.uniqueNs();
      if (now <= last) repeated++;
      last = now;
    }
    expect(repeated).toBe(0);
    const before = Date.now();
    const ms = Number(clock.uniqueNs() / 1_000_000n);
    expect(ms).toBeGreaterThan(before - 1_000);
    expect(ms).toBeLessThan(Date.now() + 1_000);
  });

  it.each([
    ['a second and a bit', -1_100],
    ['an hour', -HOUR_MS],
    ['a day', -24 * HOUR_MS],
    ['an hour ahead', HOUR_MS],
  ])('follows the wall clock at once when it is set by %s', (_, ms) => {
    const { clock, steps, pass, set, wallNs } = setUp();
    clock.uniqueNs();
    pass(60_000);
    set(ms);
    let last = 0n;
    for (let i = 0; i < 1_000; i++) {
      const time = clock.uniqueNs();
      expect(time).toBeGreaterThan(last);
      expect(Math.abs(Number(time - wallNs()))).toBeLessThan(1_000_000);
      last = time;
      pass(1);
    }
    expect(steps.map((step) => step.ms)).toEqual([ms]);
  });

  it('waits for the wall clock where it is set back by no more than a second, and reports no step', () => {
    const { clock, steps, pass, set, wallNs } = setUp();
    for (const ms of [-19, -500, -1_000, 900]) {
      const before = clock.uniqueNs();
      set(ms);
      if (ms < 0) expect(clock.uniqueNs()).toBe(before + 64n);
      pass(2_000);
      expect(Math.abs(Number(clock.uniqueNs() - wallNs()))).toBeLessThan(21_000_000);
    }
    expect(steps).toEqual([]);
  });

  it('never returns a time twice, however often the clock is set back', () => {
    const { clock, pass, set } = setUp();
    const seen = new Set<bigint>();
    let count = 0;
    // Each turn goes over the same 2 ms, or over a part of them: more often than there are remainders.
    for (let turn = 0; turn < 200; turn++) {
      let last = 0n;
      for (let i = 0; i < 300; i++) {
        const time = clock.uniqueNs();
        expect(time).toBeGreaterThan(last);
        seen.add((last = time));
        count++;
      }
      pass(2_000 + (turn % 3));
      set(-2_000 - (turn % 3));
    }
    expect(seen.size).toBe(count);
  });

  it('uses a remainder again once all of its times are in the past', () => {
    const { clock, pass, set } = setUp();
    const remainders = new Set<bigint>();
    for (let turn = 0; turn < 1_000; turn++) {
      remainders.add(remainderOf(clock.uniqueNs()));
      pass(10_000);
      set(-5_000);
    }
    expect(remainders.size).toBeLessThanOrEqual(4);
  });

  it('notices no step during `withoutSteps`, and reports it before the next time', () => {
    const { clock, steps, pass, set } = setUp();
    const before = clock.uniqueNs();
    const within: bigint[] = [];
    clock.withoutSteps(() => {
      set(-HOUR_MS);
      within.push(clock.uniqueNs());
      expect(steps).toEqual([]);
    });
    expect(within[0]).toBeGreaterThan(before);
    let told = 0n;
    clock.onStep(() => (told = clock.uniqueNs()));
    pass(1);
    const after = clock.uniqueNs();
    expect(steps).toHaveLength(1);
    expect(told).toBeLessThan(after);
    expect(told).toBeLessThan(before);
  });

  it('goes on as before where the clock is set to a time that no point can have', () => {
    const { clock, steps, pass, set } = setUp();
    const before = clock.uniqueNs();
    set(-100 * 365 * 24 * HOUR_MS);
    pass(5);
    const during = clock.uniqueNs();
    expect(Number(during - before)).toBeLessThan(6_000_000);
    expect(clock.uniqueNs()).toBeGreaterThan(during);
    expect(steps).toMatchObject([{ isFollowed: false }]);
    set(100 * 365 * 24 * HOUR_MS);
    expect(clock.uniqueNs()).toBeGreaterThan(during);
    expect(steps).toHaveLength(1);
  });

  it.each([
    [Date.UTC(1969, 11, 31), '1969-12-31T00:00:00.000Z'],
    [Date.UTC(2262, 3, 12), '2262-04-12T00:00:00.000Z'],
    [-8.64e15, '-271821-04-20T00:00:00.000Z'],
  ])('refuses to begin at %i', (ms, shown) => {
    expect(() => setUp(ms)).toThrow(FailureError);
    expect(() => setUp(ms)).toThrow(
      `the system's clock is at ${shown}: set it right first, as points can have times from 1970 to 2261`,
    );
  });

  it('describes a step', () => {
    const step = { ms: -3_600_000, wallMs: 0, isFollowed: true };
    expect(describeStep(step)).toBe("the system's clock was set back by 3600.000 s: points follow it");
    expect(describeStep({ ...step, ms: 1_500 })).toBe(
      "the system's clock was set forward by 1.500 s, or the machine slept: points follow it",
    );
    expect(describeStep({ ...step, isFollowed: false, wallMs: -1 })).toContain(
      'to 1969-12-31T23:59:59.999Z, a time that no point can have',
    );
  });
});
