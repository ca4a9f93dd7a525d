import { writeHash256 } from '../wire/hash';
import { HEADER_BYTES } from '../wire/header';

/**
 * Restores a header of which at most one byte was changed, given its hash (which its child contains). Null if
 * no change of one byte gives that hash. It takes at most 20,400 hashes, about 40 ms.
 */
export function repairedHeader(header: Buffer, hash: Buffer): Buffer | null {
  const tried = Buffer.from(header);
  const found = Buffer.alloc(32);
  for (let at = 0; at < HEADER_BYTES; at++) {
    const before = tried[at] ?? 0;
    for (let value = 0; value < 256; value++) {
      if (value === before) continue;
      tried[at] = value;
      writeHash256(tried, found, 0);
      if (hash.equals(found)) return tried;
    }
    tried[at] = before;
  }
  return null;
}
