import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** The filter headers of every 1,000th block (BIP157). */
export interface CFCheckptMessage {
  /** 0 is the basic filter of BIP158. */
  readonly filterType: number;
  /** Hash of the last block. */
  readonly stopHash: Hash;
  /** Filter headers of the blocks at heights 1,000, 2,000 and so on. */
  readonly filterHeaders: readonly Hash[];
}

/**
 * Enough for a chain of 100 million blocks (btcd v0.26 `wire/msgcfcheckpt.go` maxCFHeadersLen). BIP157 sets
 * no limit.
 */
const MAX_FILTER_HEADERS = 100_000;

/** Decodes `cfcheckpt` (BIP157; Core 31 `src/net_processing.cpp`, btcd v0.26 `wire/msgcfcheckpt.go`). */
export function decodeCFCheckpt(payload: Buffer): CFCheckptMessage {
  const reader = new ByteReader(payload);
  return {
    filterType: reader.u8(),
    stopHash: reader.hash(),
    filterHeaders: reader.hashes(MAX_FILTER_HEADERS),
  };
}
