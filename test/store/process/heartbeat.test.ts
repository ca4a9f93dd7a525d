import { Heartbeat } from '../../../src/store/process/heartbeat';

/** Milliseconds between two looks. */
const EVERY_MS = 100;

let state: { asked: number; isCommitting: boolean; isStuck: boolean };
let heartbeat: Heartbeat;
beforeEach(() => {
  jest.useFakeTimers();
  state = { asked: 0, isCommitting: false, isStuck: false };
  heartbeat = new Heartbeat({
    ask: () => {
      state.asked++;
    },
    isCommitting: () => state.isCommitting,
    stuck: () => (state.isStuck = true),
  });
  heartbeat.start();
});
afterEach(() => {
  heartbeat.stop();
  jest.useRealTimers();
});

it('takes a process for stuck half a second after a sign of life was asked for in vain', () => {
  jest.advanceTimersByTime(5 * EVERY_MS);
  expect(state).toMatchObject({ asked: 1, isStuck: false });
  jest.advanceTimersByTime(EVERY_MS);
  expect(state).toMatchObject({ asked: 1, isStuck: true });
});

it('gives a process that commits two seconds', () => {
  state.isCommitting = true;
  jest.advanceTimersByTime(20 * EVERY_MS);
  expect(state.isStuck).toBe(false);
  jest.advanceTimersByTime(EVERY_MS);
  expect(state.isStuck).toBe(true);
});

it('counts the looks beside a commit alone', () => {
  jest.advanceTimersByTime(3 * EVERY_MS);
  state.isCommitting = true;
  jest.advanceTimersByTime(5 * EVERY_MS);
  state.isCommitting = false;
  jest.advanceTimersByTime(2 * EVERY_MS);
  expect(state.isStuck).toBe(false);
  jest.advanceTimersByTime(EVERY_MS);
  expect(state.isStuck).toBe(true);
});

it('asks on and on a process that answers', () => {
  for (let sign = 0; sign < 100; sign++) {
    jest.advanceTimersByTime(EVERY_MS);
    heartbeat.alive();
  }
  expect(state).toMatchObject({ asked: 100, isStuck: false });
});
