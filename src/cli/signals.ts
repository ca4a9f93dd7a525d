/** Resolves at the first SIGINT, SIGTERM or SIGHUP (the terminal was closed), or when `ended` does; a second signal ends the process at once. */
export async function untilSignal(ended: Promise<unknown>): Promise<void> {
  let onSignal: (() => void) | undefined;
  const signalled = new Promise<void>((resolve) => {
    onSignal = () => {
      process.once('SIGINT', () => process.exit(1));
      process.once('SIGTERM', () => process.exit(1));
      resolve();
    };
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    process.once('SIGHUP', onSignal);
  });
  await Promise.race([signalled, ended]);
}
