/**
 * The reasons for which a payload cannot be decoded. The list is fixed, so that a reason can be a column.
 * Bitcoin Core's deserializer (`src/serialize.h`, `src/primitives/transaction.h`) refuses the same bytes,
 * except `trailing-bytes`, which it ignores.
 */
export const DECODE_REASONS = [
  /** The bytes end before what their counts and lengths promise. */
  'truncated',
  /**
   * Bytes are left over after a value that must end with its bytes: a transaction, a block or a `feature`.
   */
  'trailing-bytes',
  /** A count or a length is above the limit of its field, which is 32 MiB at most. */
  'count-too-large',
  /** A CompactSize is not in its shortest form. */
  'non-canonical-varint',
  /** The flag after the segwit marker (BIP144) is neither 0 nor 1. */
  'unknown-flag',
  /** The segwit marker and flag are present, but there are no inputs. */
  'no-inputs',
  /** The segwit marker and flag are present, but every witness is empty. */
  'superfluous-witness',
  /** A field has a value that its message does not allow. */
  'invalid-field',
] as const;

/** One of `DECODE_REASONS`. */
export type DecodeReason = (typeof DECODE_REASONS)[number];

/** Bytes of a peer cannot be decoded. The decoders throw no other error. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';

  /**
   * @param offset of the field that is refused
   * @param detail what is wrong with the field, in our own words and without the peer's bytes
   */
  constructor(
    readonly reason: DecodeReason,
    readonly offset: number,
    detail?: string,
  ) {
    super(`${reason} at byte ${offset}${detail === undefined ? '' : `: ${detail}`}`);
  }
}
