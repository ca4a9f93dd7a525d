import { errorDetail, FailureError, UsageError } from '../../lib/errors';
import type { WireError } from './messages';

/** Encodes an error for the other process. */
export function encodeError(error: unknown): WireError {
  if (error instanceof UsageError) return { type: 'usage', message: error.message };
  if (error instanceof FailureError) return { type: 'failure', message: error.message };
  return { type: 'fault', message: errorDetail(error) };
}

/** Decodes an error of the other process. */
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
