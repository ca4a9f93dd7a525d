import { ByteReader } from '../byte-reader';

/** The filter of one block (BIP157). */
export interface CFilterMessage {
  /** 0 is the basic filter of BIP158. */
  readonly filterType: number;
  /** Hash of the block, as it is on the wire, one character a byte. */
  readonly blockHash: string;
  /** The filter as BIP158 serializes it, its number of elements first: a view of the payload. */
  readonly filter: Buffer;
}

/**
 * btcd v0.26 `wire/msgcfilter.go` MaxCFilterDataSize; BIP157 sets no limit, and Core never asks for a filter.
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
