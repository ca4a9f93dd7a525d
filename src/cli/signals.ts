import { afterRunning } from '../lib/running-time';

/**
 * Milliseconds from the signal until the program is killed, in case something can't be interrupted. Those do
 * not count in which the machine let it stand still.
 */
const END_MS = 4_800;

let signalled = false;

/** Whether a signal told the program to end. */
export function wasSignalled(): boolean {
  return signalled;
}

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP (the terminal was closed), or when `ended` does. A second
 * signal ends the process at once. `END_MS` after the first one it kills itself in any case, because exit()
 * would wait for threads.
 * @param killed called before it kills itself, to log what is lost
 */
export async function untilSignal(
  ended: Promise<unknown>,
  killed: () => void = () => undefined,
): Promise<void> {
  let onSignal: (() => void) | undefined;
  const atSignal = new Promise<void>((resolve) => {
    onSignal = () => {
      signalled = true;
      process.once('SIGINT', () => process.exit(1));
      process.once('SIGTERM', () => process.exit(1));
      const kill = (): void => {
        killed();
        // What was logged is written first.
        setImmediate(() => process.kill(process.pid, 'SIGKILL'));
      };
      afterRunning(END_MS, kill, { holds: false });
      resolve();
    };
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    process.once('SIGHUP', onSignal);
  });
  await Promise.race([atSignal, ended]);
}
