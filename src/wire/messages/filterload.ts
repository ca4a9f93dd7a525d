import { ByteReader } from '../byte-reader';
import { DecodeError } from '../decode-error';

/** The Bloom filter with which a light client selects transactions (BIP37). */
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

/**
 * Decodes `filterload` (BIP37; Core 31 `src/common/bloom.h` CBloomFilter, btcd v0.26
 * `wire/msgfilterload.go`).
 */
export function decodeFilterLoad(payload: Buffer): FilterLoadMessage {
  const reader = new ByteReader(payload);
  const filter = reader.sizedBytes(MAX_FILTER_BYTES);
  const { position } = reader;
  const hashFunctions = reader.u32();
  if (hashFunctions > MAX_HASH_FUNCTIONS)
    throw new DecodeError('invalid-field', position, `${hashFunctions} hash functions`);
  return { filter, hashFunctions, tweak: reader.u32(), flags: reader.u8() };
}
