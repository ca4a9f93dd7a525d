import { SystemClock } from '../src/clock';

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
    expect(Math.abs(Number(last / 1_000_000n) - Date.now())).toBeLessThan(1_000);
  });

  it('stays ahead of itself when the wall clock is set back', () => {
    const clock = new SystemClock();
    const before = clock.uniqueNs();
    const wall = jest.spyOn(Date, 'now').mockReturnValue(1_000);
    expect(clock.uniqueNs()).toBe(before + 1n);
    expect(clock.uniqueNs()).toBe(before + 2n);
    wall.mockRestore();
  });
});
