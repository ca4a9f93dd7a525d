import { UsageError, FailureError } from '../lib/errors';
import { TooLongError } from '../query/query-scheduler';
import { BusyError } from '../query/turns';

/** Seconds after which somebody who was turned away may try again. */
const RETRY_AFTER = '2';

/** An answer that is no success: its status and one line. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** What a client is told of an error; null where it is a fault of the program, whose words are for the log. */
export function toHttpError(error: unknown): HttpError | null {
  if (error instanceof HttpError) return error;
  if (error instanceof UsageError) return new HttpError(400, error.message);
  if (error instanceof BusyError) return busy(error.message);
  if (error instanceof TooLongError) return new HttpError(504, error.message);
  if (error instanceof FailureError) return new HttpError(500, error.message);
  return null;
}

/** The answer to one too many. */
export function busy(message: string): HttpError {
  return new HttpError(503, message, { 'retry-after': RETRY_AFTER });
}
