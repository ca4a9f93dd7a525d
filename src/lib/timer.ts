/**
 * Calls `action` once, after `ms` milliseconds, and returns a function that cancels it. Whatever has a time
 * limit gets it handed in, so that tests can own the time.
 */
export type Timer = (ms: number, action: () => void) => () => void;

/** The system's timer. It does not keep the program running. */
export const systemTimer: Timer = (ms, action) => {
  const timeout = setTimeout(action, ms).unref();
  return () => clearTimeout(timeout);
};
