import { messageOf } from '../lib/errors';

/** How long the last words of a monitor may take once it has stopped. */
const LAST_WORDS_MS = 1_000;

/**
 * Keeps outputs that go away from ending the program with a stack trace. A reader of the answer who leaves
 * (`| head`) ends it quietly, with status 0. An answer that can't be written (a full disk) is one line and
 * status 1. Without standard error nothing is said.
 */
export function guardOutputs(): void {
  process.stderr.on('error', () => undefined);
  let problem: string | undefined;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') problem ??= messageOf(error);
  });
  process.on('exit', (status) => {
    if (problem === undefined || status !== 0) return;
    process.exitCode = 1;
    process.stderr.write(`btcdmon-node: the output can't be written: ${problem}\n`);
  });
}

/** Ends the program where nothing but an output that nobody reads keeps it, once all else is done. */
export function endWithOutputs(wasSignalled: boolean): void {
  setTimeout(() => {
    if (wasSignalled || process.stdout.writableLength === 0) process.exit();
    else endWithOutputs(wasSignalled);
  }, LAST_WORDS_MS).unref();
}
