/**
 * Why bytes are not what their command says they are: a fixed list, so that a reason can be a column. Bitcoin Core's
 * deserializer (`src/serialize.h`, `src/primitives/transaction.h`) refuses the same bytes, except `trailing-bytes`, which
 * it passes over.
 */
export const PARSE_REASONS = [
  /** The bytes end before what their counts and lengths promise. */
  'truncated',
  /** Bytes are left over behind the transaction or the block. */
  'trailing-bytes',
  /** A count or a length is above 32 MiB, more than any message holds. */
  'count-too-large',
  /** A CompactSize is longer than its value needs. */
  'non-canonical-varint',
  /** The flag behind the segwit marker (BIP144) is neither 0 nor 1. */
  'unknown-flag',
  /** The segwit marker and flag are there, the inputs are not. */
  'no-inputs',
  /** The segwit marker and flag are there, and every witness is empty. */
  'superfluous-witness',
] as const;

/** One of `PARSE_REASONS`. */
export type ParseReason = (typeof PARSE_REASONS)[number];

/** Bytes of a peer that cannot be read. */
export class ParseError extends Error {
  override readonly name = 'ParseError';

  /** `offset` is where in the bytes the refused field begins. */
  constructor(
    readonly reason: ParseReason,
    readonly offset: number,
  ) {
    super(`${reason} at byte ${offset}`);
  }
}
