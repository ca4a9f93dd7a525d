import type { LeftOut } from './counters';

/** A packet whose headers are read one after the other. */
export interface Frame {
  readonly bytes: Buffer;
  /** Its length on the wire, at least that of `bytes`. */
  readonly originalLength: number;
}

/**
 * Why the first `length` bytes of a frame can't be read, or null if all of them are here: the capture has cut
 * it short, or it was never long enough.
 */
export function missing({ bytes, originalLength }: Frame, length: number): LeftOut | null {
  if (length <= bytes.length) return null;
  return length <= originalLength ? 'cutHeaders' : 'malformed';
}
