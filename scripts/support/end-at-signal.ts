import { waitAtMost } from '../../src/lib/wait-at-most';
import { familyOf } from '../../test/support/proc';

/** The signals that tell a script to end, with their numbers. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** How long what was started may take to end in order. */
const ORDER_MS = 5_000;

/**
 * Has a script that a signal ends also end all that it started: first in order, and what is still there then
 * by SIGKILL. The exit status is that of a shell, 128 and the number of the signal.
 * @param tidy ends what was started, and removes what was made
 */
export function endAllAtSignal(tidy: () => Promise<void> = () => Promise.resolve()): void {
  for (const [signal, number] of Object.entries(SIGNALS))
    process.once(signal, () => {
      // What the script waits for fails when its processes end.
      process.on('unhandledRejection', () => undefined).on('uncaughtException', () => undefined);
      void end(128 + number, tidy);
    });
}

async function end(status: number, tidy: () => Promise<void>): Promise<void> {
  await waitAtMost(
    ORDER_MS,
    tidy().catch(() => undefined),
  );
  for (const pid of familyOf(process.pid).filter((one) => one !== process.pid)) kill(pid);
  process.exit(status);
}

/** Ends a process that may have ended already. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
