import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** A request for the filter headers of every 1,000th block (BIP157). */
export interface GetCFCheckptMessage {
  /** 0 is the basic filter of BIP158. */
  readonly filterType: number;
  /** Hash of the last block. */
  readonly stopHash: Hash;
}

/**
 * Decodes `getcfcheckpt` (BIP157; Core 31 `src/net_processing.cpp`, btcd v0.26 `wire/msggetcfcheckpt.go`).
 */
export function decodeGetCFCheckpt(payload: Buffer): GetCFCheckptMessage {
  const reader = new ByteReader(payload);
  return { filterType: reader.u8(), stopHash: reader.hash() };
}
