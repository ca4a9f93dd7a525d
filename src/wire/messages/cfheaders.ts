import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** Hashes of consecutive filters (BIP157). */
export interface CFHeadersMessage {
  /** 0 is the basic filter of BIP158. */
  readonly filterType: number;
  /** Hash of the last block. */
  readonly stopHash: Hash;
  /**
   * Filter header of the block before the first. The further filter headers follow from it and the hashes.
   */
  readonly previousHeader: Hash;
  readonly filterHashes: readonly Hash[];
}

/** BIP157; Core 31 `src/net_processing.cpp` MAX_GETCFHEADERS_SIZE. */
const MAX_HASHES = 2_000;

/** Decodes `cfheaders` (BIP157; Core 31 `src/net_processing.cpp`, btcd v0.26 `wire/msgcfheaders.go`). */
export function decodeCFHeaders(payload: Buffer): CFHeadersMessage {
  const reader = new ByteReader(payload);
  return {
    filterType: reader.u8(),
    stopHash: reader.hash(),
    previousHeader: reader.hash(),
    filterHashes: reader.hashes(MAX_HASHES),
  };
}
