/**
 * Calls `action` once, after `ms` milliseconds, and returns a function that cancels it. Handed to whatever has a
 * time limit, so that tests can own the time.
 */
export type Timer = (ms: number, action: () => void) => () => void;

/** The system's timer. It does not keep the program running. */
export const systemTimer: Timer = (ms, action) => {
  const timeout = setTimeout(action, ms).unref();
  return () => clearTimeout(timeout);
};
