import { waitAtMost } from '../../src/lib/wait-at-most';

describe('waiting at most a time', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('ends with the promise, and leaves no timer', async () => {
    await waitAtMost(1_000, Promise.resolve());
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends when the time is over', async () => {
    let isOver = false;
    const waiting = waitAtMost(1_000, new Promise(() => undefined)).then(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await waiting;
  });
});
