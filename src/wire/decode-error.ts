/**
 * Why bytes are not what their command says they are. The list is fixed, so that a reason can be a column.
 * Bitcoin Core's deserializer (`src/serialize.h`, `src/primitives/transaction.h`) refuses the same bytes,
 * except `trailing-bytes`, which it passes over.
 */
export const DECODE_REASONS = [
  /** The bytes end before what their counts and lengths promise. */
  'truncated',
  /** Bytes are left over behind what fills all of them: a transaction, a block or a `feature`. */
  'trailing-bytes',
  /** A count or a length is above what its field may have, at most 32 MiB. */
  'count-too-large',
  /** A CompactSize is longer than its value needs. */
  'non-canonical-varint',
  /** The flag behind the segwit marker (BIP144) is neither 0 nor 1. */
  'unknown-flag',
  /** The segwit marker and flag are there, the inputs are not. */
  'no-inputs',
  /** The segwit marker and flag are there, and every witness is empty. */
  'superfluous-witness',
  /** A field has a value that its message does not allow. */
  'invalid-field',
] as const;

/** One of `DECODE_REASONS`. */
export type DecodeReason = (typeof DECODE_REASONS)[number];

/** Bytes of a peer that cannot be decoded. It is the only error that the decoders throw. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';

  /**
   * @param offset where in the bytes the refused field begins
   * @param detail what is wrong with the field, in words of our own
   */
  constructor(
    readonly reason: DecodeReason,
    readonly offset: number,
    detail?: string,
  ) {
    super(`${reason} at byte ${offset}${detail === undefined ? '' : `: ${detail}`}`);
  }
}
