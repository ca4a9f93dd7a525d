import { DecodeError, PayloadReader } from '../reader';

/** The Bloom filter by which a light client wants transactions chosen (BIP37). */
export interface FilterLoadMessage {
  /** The filter's bits: a view of the payload. */
  readonly filter: Buffer;
  readonly hashFunctions: number;
  readonly tweak: number;
  /** Whether and how a match adds outpoints to the filter. */
  readonly flags: number;
}

/** BIP37; Core 31 `src/common/bloom.h` MAX_BLOOM_FILTER_SIZE, MAX_HASH_FUNCS. */
const MAX_FILTER_BYTES = 36_000;
const MAX_HASH_FUNCTIONS = 50;

/** Decodes `filterload` (BIP37; Core 31 `src/common/bloom.h` CBloomFilter, btcd v0.26 `wire/msgfilterload.go`). */
export function decodeFilterLoad(payload: Buffer): FilterLoadMessage {
  const reader = new PayloadReader(payload);
  const filter = reader.sizedBytes(MAX_FILTER_BYTES);
  const hashFunctions = reader.u32();
  if (hashFunctions > MAX_HASH_FUNCTIONS) throw new DecodeError(`${hashFunctions} hash functions`);
  return { filter, hashFunctions, tweak: reader.u32(), flags: reader.u8() };
}
