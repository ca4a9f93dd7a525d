import { UsageError, FailureError } from '../lib/errors';
import { TooLongError } from '../query/query-scheduler';
import { BusyError } from '../query/turns';

/** Seconds after which a rejected client may try again. */
const RETRY_AFTER = '2';

/** An error answer: its status and one line. */
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

/** The error that a client sees. Null for a fault of the program, whose message only goes to the log. */
export function toHttpError(error: unknown): HttpError | null {
  if (error instanceof HttpError) return error;
  if (error instanceof UsageError) return new HttpError(400, withoutFlags(error.message));
  if (error instanceof BusyError) return busy(error.message);
  if (error instanceof TooLongError) return new HttpError(504, error.message);
  if (error instanceof FailureError) return new HttpError(500, error.message);
  return null;
}

/** Options of the command line that errors about a query name. */
const FLAG = /(^|\s)--(raw|where|agg|by|every|since|until|limit|format)\b/g;

/** The line without the words of the command line: visitors of the page have fields and a statement. */
function withoutFlags(line: string): string {
  return line.replaceAll(
    FLAG,
    (_, before: string, name: string) => before + (name === 'raw' ? 'the statement' : name),
  );
}

/** The answer if there are too many requests. */
export function busy(message: string): HttpError {
  return new HttpError(503, message, { 'retry-after': RETRY_AFTER });
}
