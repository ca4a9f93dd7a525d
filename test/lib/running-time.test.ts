import { afterRunning } from '../../src/lib/running-time';

describe('time in which a process could run', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  /** A deadline of a second, on a machine whose times the test owns. */
  function started() {
    const times = { monotonicMs: 0, processorMs: 0 };
    let isOver = false;
    const source = { monotonicMs: () => times.monotonicMs, processorMs: () => times.processorMs };
    const cancel = afterRunning(1_000, () => (isOver = true), { source });
    return {
      cancel,
      isOver: () => isOver,
      /** Lets time pass; the timers come late if the process stands still, once for all that they missed. */
      pass: (ms: number, { used = 0, looks = ms / 20 } = {}) => {
        for (let look = 0; look < looks; look++) {
          times.monotonicMs += ms / looks;
          times.processorMs += used / looks;
          jest.advanceTimersByTime(20);
        }
      },
    };
  }

  it('is all time where the machine lets it sleep', () => {
    const { pass, isOver } = started();
    pass(980);
    expect(isOver()).toBe(false);
    pass(20);
    expect(isOver()).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not have the time in it in which the process stood still', () => {
    const { pass, isOver } = started();
    pass(500);
    pass(20_000, { looks: 1 });
    expect(isOver()).toBe(false);
    pass(460);
    expect(isOver()).toBe(false);
    pass(20);
    expect(isOver()).toBe(true);
  });

  it('has the time in it in which the process itself let no timer run', () => {
    const { pass, isOver } = started();
    pass(1_000, { used: 990, looks: 1 });
    expect(isOver()).toBe(true);
  });

  it('passes no more once it is cancelled', () => {
    const { pass, isOver, cancel } = started();
    cancel();
    pass(5_000);
    expect([isOver(), jest.getTimerCount()]).toEqual([false, 0]);
  });
});
