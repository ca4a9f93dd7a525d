/** What is wrong with a header: Bitcoin Core's names (`src/validation.cpp`), without the version in `bad-version`. */
export const HEADER_REASONS = [
  'high-hash',
  'duplicate-invalid',
  'bad-prevblk',
  'bad-diffbits',
  /** Core before 30, btcd: it is not the block that is known to be at its height. */
  'checkpoint-mismatch',
  /** Core before 30, btcd: it forks off below the last checkpoint. */
  'bad-fork-prior-to-checkpoint',
  'time-too-old',
  'time-timewarp-attack',
  'time-too-new',
  'bad-version',
] as const;

/** One of `HEADER_REASONS`. */
export type HeaderReason = (typeof HEADER_REASONS)[number];

/** What is wrong with a block beyond its header and its transactions (`SANITY_REASONS`): Core's names. */
export const BLOCK_REASONS = [
  'bad-txnmrklroot',
  'bad-txns-duplicate',
  'bad-blk-length',
  'bad-cb-missing',
  'bad-cb-multiple',
  'bad-blk-sigops',
  'bad-txns-nonfinal',
  'bad-cb-height',
  'bad-witness-nonce-size',
  'bad-witness-merkle-match',
  'unexpected-witness',
  'bad-blk-weight',
  'bad-cb-amount',
] as const;

/** One of `BLOCK_REASONS`. */
export type BlockReason = (typeof BLOCK_REASONS)[number];

const OBSOLETE = 0x11;
const CHECKPOINT = 0x43;
const INVALID = 0x10;

/** The code that a `reject` message (BIP61) has for a reason. */
export function rejectCode(reason: string): number {
  if (reason === 'bad-version') return OBSOLETE;
  if (reason === 'checkpoint-mismatch' || reason === 'bad-fork-prior-to-checkpoint') return CHECKPOINT;
  return INVALID;
}
