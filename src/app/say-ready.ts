import type { Log } from '../lib/log';

/**
 * Logs that a program is ready, a moment later. By then its caller has gone on, and the command line listens
 * to signals (src/cli/signals.ts). Otherwise a signal that comes as soon as the line is read would kill the
 * program, and points that wait would be lost.
 */
export function sayReady(log: Log, message: string, details: object): void {
  setImmediate(() => log.info(message, details));
}
