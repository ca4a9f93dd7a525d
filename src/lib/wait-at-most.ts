import { afterRunning } from './running-time';

/** Waits for `promise`, but no longer than `ms` milliseconds in which this process could run. */
export async function waitAtMost(ms: number, promise: Promise<void>): Promise<void> {
  let cancel: () => void = () => undefined;
  const deadline = new Promise<void>((resolve) => {
    cancel = afterRunning(ms, resolve);
  });
  await Promise.race([promise, deadline]);
  cancel();
}
