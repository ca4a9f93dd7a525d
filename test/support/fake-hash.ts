import { type Hash, readHash } from '../../src/wire/hash';

/** A hash whose first bytes are the characters of `text` (latin1). The other bytes are 0. */
export function fakeHash(text: string): Hash {
  return readHash(Buffer.from(text.padEnd(32, '\0'), 'latin1'), 0);
}
