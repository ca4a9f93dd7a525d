import { ByteReader } from '../byte-reader';

/** The longest element of a script (Core 31 `src/script/script.h` MAX_SCRIPT_ELEMENT_SIZE). */
const MAX_DATA_BYTES = 520;

/**
 * Decodes `filteradd` (BIP37; btcd v0.26 `wire/msgfilteradd.go`): the element that is added to the filter, a
 * view of the payload.
 */
export function decodeFilterAdd(payload: Buffer): Buffer {
  return new ByteReader(payload).sizedBytes(MAX_DATA_BYTES);
}
