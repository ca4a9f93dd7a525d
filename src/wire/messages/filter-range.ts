import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** A request for filters or filter headers (BIP157). */
export interface FilterRangeMessage {
  /** 0 is the basic filter of BIP158. */
  readonly filterType: number;
  readonly startHeight: number;
  /** Hash of the last block. */
  readonly stopHash: Hash;
}

/**
 * Decodes `getcfilters` and `getcfheaders`, which have the same form (BIP157; Core 31
 * `src/net_processing.cpp` ProcessGetCFilters, btcd v0.26 `wire/msggetcfilters.go`).
 */
export function decodeFilterRange(payload: Buffer): FilterRangeMessage {
  const reader = new ByteReader(payload);
  return { filterType: reader.u8(), startHeight: reader.u32(), stopHash: reader.hash() };
}
