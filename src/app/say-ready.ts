import type { Log } from '../lib/log';

/**
 * Logs that a program is ready. Whoever has started it goes on before: the command line listens to signals by
 * then (src/cli/signals.ts). Otherwise a signal that comes as soon as the line is read would end the program
 * in the middle.
 */
export function sayReady(log: Log, message: string, details: object): void {
  setImmediate(() => log.info(message, details));
}
