import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** The filter of one block (BIP157). */
export interface CFilterMessage {
  /** 0 is the basic filter of BIP158. */
  readonly filterType: number;
  readonly blockHash: Hash;
  /** The filter as BIP158 serializes it, beginning with its number of elements: a view of the payload. */
  readonly filter: Buffer;
}

/**
 * The limit of btcd v0.26 (`wire/msgcfilter.go` MaxCFilterDataSize). BIP157 sets no limit, and Core never
 * asks for a filter.
 */
const MAX_FILTER_BYTES = 256 * 1_024;

/** Decodes `cfilter` (BIP157; Core 31 `src/blockfilter.h` BlockFilter, btcd v0.26 `wire/msgcfilter.go`). */
export function decodeCFilter(payload: Buffer): CFilterMessage {
  const reader = new ByteReader(payload);
  return {
    filterType: reader.u8(),
    blockHash: reader.hash(),
    filter: reader.sizedBytes(MAX_FILTER_BYTES),
  };
}
