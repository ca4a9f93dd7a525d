let signalled = false;

/** Whether somebody told the program to end. */
export function wasSignalled(): boolean {
  return signalled;
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP (the terminal was closed), or when `ended` does; a second signal ends the process at once. */
export async function untilSignal(ended: Promise<unknown>): Promise<void> {
  let onSignal: (() => void) | undefined;
  const atSignal = new Promise<void>((resolve) => {
    onSignal = () => {
      signalled = true;
      process.once('SIGINT', () => process.exit(1));
      process.once('SIGTERM', () => process.exit(1));
      resolve();
    };
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    process.once('SIGHUP', onSignal);
  });
  await Promise.race([atSignal, ended]);
}
