import { Heartbeat } from '../../../src/store/process/heartbeat';

/** Milliseconds between two looks. */
const EVERY_MS = 25;

let state: { asked: number; isWriting: boolean; share: number; isStuck: boolean; waitedForDisk?: boolean };
let heartbeat: Heartbeat;
beforeEach(() => {
  jest.useFakeTimers();
  state = { asked: 0, isWriting: false, share: 1, isStuck: false };
  heartbeat = new Heartbeat({
    ask: () => {
      state.asked++;
    },
    isWriting: () => state.isWriting,
    share: () => state.share,
    stuck: (waitedForDisk) => Object.assign(state, { isStuck: true, waitedForDisk }),
  });
  heartbeat.start();
});
afterEach(() => {
  heartbeat.stop();
  jest.useRealTimers();
});

it('takes a process for stuck a fifth of a second after a sign of life was asked for in vain', () => {
  jest.advanceTimersByTime(8 * EVERY_MS);
  expect(state).toMatchObject({ asked: 1, isStuck: false });
  jest.advanceTimersByTime(EVERY_MS);
  expect(state).toMatchObject({ asked: 1, isStuck: true, waitedForDisk: false });
});

it('gives a process that waits for the disk two seconds', () => {
  state.isWriting = true;
  jest.advanceTimersByTime(80 * EVERY_MS);
  expect(state.isStuck).toBe(false);
  jest.advanceTimersByTime(EVERY_MS);
  expect(state).toMatchObject({ isStuck: true, waitedForDisk: true });
});

it('counts the looks at which it does not wait for the disk', () => {
  jest.advanceTimersByTime(3 * EVERY_MS);
  state.isWriting = true;
  jest.advanceTimersByTime(5 * EVERY_MS);
  state.isWriting = false;
  jest.advanceTimersByTime(5 * EVERY_MS);
  expect(state.isStuck).toBe(false);
  jest.advanceTimersByTime(EVERY_MS);
  expect(state.isStuck).toBe(true);
});

it.each([
  { share: 0.25, looks: 32 },
  // The hard end of five seconds, and the same beside a slow disk.
  { share: 0.01, looks: 200 },
  { share: 0.01, looks: 200, isWriting: true },
])('counts the time in which the process can run: $share of it, $looks looks', ({ looks, ...given }) => {
  Object.assign(state, given);
  jest.advanceTimersByTime(looks * EVERY_MS);
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
