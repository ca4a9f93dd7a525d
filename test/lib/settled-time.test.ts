import { SettledTime } from '../../src/lib/settled-time';

const DAY = 24 * 3_600_000;
const YEAR = 365 * DAY;
const START = Date.UTC(2026, 10, 29);

let wall = START;
let monotonic = 5_000;
const pass = (ms: number): void => {
  wall += ms;
  monotonic += ms;
};
const settled = (): SettledTime => {
  wall = START;
  return new SettledTime({ wallMs: () => wall, monotonicMs: () => monotonic });
};

it('follows a clock that is slewed, or set back, at once', () => {
  const time = settled();
  for (let i = 0; i < 100; i++) {
    pass(60_000);
    wall += 30;
    expect(time.nowMs()).toBe(wall);
  }
  wall -= YEAR;
  expect(time.nowMs()).toBe(wall);
});

it('follows a clock that was set forward after a day, and not at all where it was set back before', () => {
  const time = settled();
  wall += YEAR;
  for (let minute = 0; minute < 24 * 60; minute++) {
    expect(time.nowMs()).toBe(wall - YEAR);
    pass(60_000);
  }
  expect(time.nowMs()).toBe(wall);
  pass(DAY);
  wall += YEAR;
  pass(DAY / 2);
  expect(time.nowMs()).toBe(wall - YEAR);
  wall -= YEAR;
  expect(time.nowMs()).toBe(wall);
  pass(DAY);
  expect(time.nowMs()).toBe(wall);
});
