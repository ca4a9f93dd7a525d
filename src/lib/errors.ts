/**
 * Errors that a person caused or can act on. Each carries one clear line (no stack is shown for them) and the
 * exit status of the process: 2 for a wrong call, 1 for a failure.
 */
export abstract class BtcdmonError extends Error {
  abstract readonly exitCode: number;
}

/** The call is wrong: names the offending value and what would be right. Exit status 2. */
export class UsageError extends BtcdmonError {
  override readonly name = 'UsageError';
  readonly exitCode = 2;
}

/** The call is right but cannot be carried out (a store in use, a host unknown). Exit status 1. */
export class FailureError extends BtcdmonError {
  override readonly name = 'FailureError';
  readonly exitCode = 1;
}

/** Errors of several addresses or attempts that one message names. */
export const MOST_NAMED = 8;

/**
 * The message of anything thrown, for logs and for errors that name it; never empty. Where there are several
 * errors in one, as of a name with several addresses (Node.js gives these no message of their own), each is
 * named.
 */
export function messageOf(error: unknown): string {
  if (!isError(error)) return String(error) || 'unknown error';
  const { message, errors } = error as Error & { readonly errors?: unknown };
  if (!Array.isArray(errors) || errors.length === 0)
    return (
      message ||
      codeOf(error) ||
      (error.cause === undefined ? error.name : messageOf(error.cause)) ||
      'unknown error'
    );
  const each = [...new Set(errors.map(messageOf))];
  const named = each.slice(0, MOST_NAMED).join(', ');
  const more = each.length > MOST_NAMED ? ` and ${each.length - MOST_NAMED} more` : '';
  return `${message === '' ? '' : `${message}: `}${named}${more}`;
}

/** What the log says of a fault of ours: its stack. */
export function errorDetail(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Also an error of another realm, as those of Node.js are under the test runner. */
function isError(error: unknown): error is Error {
  return error instanceof Error || Object.prototype.toString.call(error) === '[object Error]';
}

/** The code of an error of the system or of Node.js, such as ECONNREFUSED; '' where it has none. */
function codeOf(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
