import type { LeftOut } from './counters';

/** A packet whose headers are read one after the other. */
export interface Frame {
  readonly bytes: Buffer;
  /** Its length on the wire, at least that of `bytes`. */
  readonly originalLength: number;
}

/**
 * Why the first `length` bytes of a frame can't be read: the capture has cut it short, or the packet is too
 * short. Null if all of them are here.
 */
export function missing({ bytes, originalLength }: Frame, length: number): LeftOut | null {
  if (length <= bytes.length) return null;
  return length <= originalLength ? 'cutHeaders' : 'malformed';
}
