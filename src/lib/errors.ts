/**
 * Errors that a person caused or can act on. Each has a message of one clear line, which is shown without a
 * stack, and an exit status: 2 for a wrong call, 1 for a failure.
 */
export abstract class BtcdmonError extends Error {
  abstract readonly exitCode: number;
}

/** The call is wrong. The message names the wrong value and says what would be right. Exit status 2. */
export class UsageError extends BtcdmonError {
  override readonly name = 'UsageError';
  readonly exitCode = 2;
}

/** The call is right but cannot be carried out, for example because the store is in use. Exit status 1. */
export class FailureError extends BtcdmonError {
  override readonly name = 'FailureError';
  readonly exitCode = 1;
}

/** The largest number of errors that one message names. */
export const MAX_NAMED = 8;

/**
 * Node.js 24 adds this to errors of certificates: an option of Node.js, which users of this program can't
 * set.
 */
const OWN_OPTION = /; if the root CA is installed locally, try running Node\.js with --use-system-ca/;

/**
 * The message of anything that was thrown, for logs and for other errors; never empty. An error that consists
 * of several, such as one for each address of a name, has no message of its own in Node.js: then all of them
 * are named.
 */
export function messageOf(error: unknown): string {
  if (!isError(error)) return String(error) || 'unknown error';
  const { errors } = error as Error & { readonly errors?: unknown };
  const message = error.message.replace(OWN_OPTION, '');
  if (!Array.isArray(errors) || errors.length === 0)
    return (
      message ||
      codeOf(error) ||
      (error.cause === undefined ? error.name : messageOf(error.cause)) ||
      'unknown error'
    );
  const each = [...new Set(errors.map(messageOf))];
  const named = each.slice(0, MAX_NAMED).join(', ');
  const more = each.length > MAX_NAMED ? ` and ${each.length - MAX_NAMED} more` : '';
  return `${message === '' ? '' : `${message}: `}${named}${more}`;
}

/** The details of a program fault for the log: its stack. */
export function errorDetail(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Also accepts errors of another realm, such as those of Node.js under the test runner. */
function isError(error: unknown): error is Error {
  return error instanceof Error || Object.prototype.toString.call(error) === '[object Error]';
}

/** The code of an error of the system or of Node.js, such as ECONNREFUSED; '' where it has none. */
function codeOf(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
