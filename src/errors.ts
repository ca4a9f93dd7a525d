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

/** The message of anything thrown, for logs. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
