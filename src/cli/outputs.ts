import { messageOf } from '../lib/errors';

/** Milliseconds that the last output may take after the program has stopped. */
const LAST_WORDS_MS = 1_000;

/**
 * Handles outputs that fail, which would end the program with a stack trace. If the reader of stdout leaves
 * (`| head`), the program ends quietly, with status 0. If stdout can't be written (a full disk), the program
 * says so in one line and ends with status 1. Errors of stderr are ignored.
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

/** Ends the program after everything is done, where only an output that nobody reads keeps it alive. */
export function endWithOutputs(wasSignalled: boolean): void {
  setTimeout(() => {
    if (wasSignalled || process.stdout.writableLength === 0) process.exit();
    else endWithOutputs(wasSignalled);
  }, LAST_WORDS_MS).unref();
}
