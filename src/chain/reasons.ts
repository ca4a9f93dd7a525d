/** What is wrong with a header: Bitcoin Core's names (`src/validation.cpp`), without the version in `bad-version`. */
const HEADER_REASONS = [
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

/**
 * Whether something is refused for its time alone, which is too far ahead of our clock: who sent it is not at fault where our clock
 * is slow, and it may be good later. Core punishes nobody for it (`src/net_processing.cpp` MaybePunishNodeForBlock).
 */
export function isTooEarly(reason: string | undefined): reason is 'time-too-new' {
  return reason === 'time-too-new';
}

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

/** What is wrong with a block by the outputs that it spends (`--validate full`): Core's names. */
const FULL_REASONS = [
  'bad-txns-BIP30',
  'bad-txns-inputs-missingorspent',
  'bad-txns-premature-spend-of-coinbase',
  'bad-txns-inputvalues-outofrange',
  'bad-txns-in-belowout',
  'bad-txns-fee-outofrange',
  'block-script-verify-flag-failed',
  /** bcoin refuses it for a reason that is none of these and of no other list here. */
  'invalid-block',
] as const;

/** One of `FULL_REASONS`. */
export type FullReason = (typeof FULL_REASONS)[number];

/** Names that Core has changed since bcoin took them over. */
const RENAMED: Readonly<Record<string, FullReason>> = {
  'mandatory-script-verify-flag-failed': 'block-script-verify-flag-failed',
};

/** What bcoin calls a fault, as one of the lists here has it. */
export function fullReason(name: string): HeaderReason | BlockReason | FullReason {
  const current = RENAMED[name] ?? name;
  const known = [...FULL_REASONS, ...BLOCK_REASONS, ...HEADER_REASONS].find((reason) => reason === current);
  return known ?? 'invalid-block';
}

const OBSOLETE = 0x11;
const CHECKPOINT = 0x43;
const INVALID = 0x10;

/** The code that a `reject` message (BIP61) has for a reason. */
export function rejectCode(reason: string): number {
  if (reason === 'bad-version') return OBSOLETE;
  if (reason === 'checkpoint-mismatch' || reason === 'bad-fork-prior-to-checkpoint') return CHECKPOINT;
  return INVALID;
}
