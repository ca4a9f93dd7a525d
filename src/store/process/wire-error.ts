import { FailureError, UsageError } from '../../lib/errors';
import type { WireError } from './messages';

/** An error as the other process is told of it. */
export function encodeError(error: unknown): WireError {
  if (error instanceof UsageError) return { type: 'usage', message: error.message };
  if (error instanceof FailureError) return { type: 'failure', message: error.message };
  return { type: 'fault', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** The error that the other process told of. */
export function decodeError({ type, message }: WireError): Error {
  switch (type) {
    case 'usage':
      return new UsageError(message);
    case 'failure':
      return new FailureError(message);
    case 'fault':
      return new Error(message);
  }
}
