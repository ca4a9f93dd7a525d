/** Faults of a header: Bitcoin Core's names (`src/validation.cpp`), without the version in `bad-version`. */
const HEADER_REASONS = [
  'high-hash',
  'duplicate-invalid',
  'bad-prevblk',
  'bad-diffbits',
  /** Core before 30, btcd: it is not the block that the checkpoint at its height names. */
  'checkpoint-mismatch',
  /** Core before 30, btcd: it forks off below the last checkpoint. */
  'bad-fork-prior-to-checkpoint',
  'time-too-old',
  'time-timewarp-attack',
  'time-too-new',
  'bad-version',
] as const;

export type HeaderReason = (typeof HEADER_REASONS)[number];

/**
 * Whether something is refused only because its time is too far ahead of our clock. The sender is not at
 * fault if our clock is slow, and the block may become valid later. Core does not punish it
 * (`src/net_processing.cpp` MaybePunishNodeForBlock).
 */
export function isTooEarly(reason: string | undefined): reason is 'time-too-new' {
  return reason === 'time-too-new';
}

/** Faults of a block beyond its header and its transactions (`SANITY_REASONS`): Core's names. */
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

export type BlockReason = (typeof BLOCK_REASONS)[number];

/** Faults of a block that depend on the outputs it spends (`--validate full`): Core's names. */
const FULL_REASONS = [
  'bad-txns-BIP30',
  'bad-txns-inputs-missingorspent',
  'bad-txns-premature-spend-of-coinbase',
  'bad-txns-inputvalues-outofrange',
  'bad-txns-in-belowout',
  'bad-txns-fee-outofrange',
  'block-script-verify-flag-failed',
  /** bcoin refused it for a reason that is in no list here. */
  'invalid-block',
] as const;

export type FullReason = (typeof FULL_REASONS)[number];

/** Names that Core changed after bcoin had adopted them. */
const RENAMED: Readonly<Record<string, FullReason>> = {
  'mandatory-script-verify-flag-failed': 'block-script-verify-flag-failed',
};

/** Translates bcoin's name of a fault into one of the lists here. */
export function fullReason(name: string): HeaderReason | BlockReason | FullReason {
  const current = RENAMED[name] ?? name;
  const known = [...FULL_REASONS, ...BLOCK_REASONS, ...HEADER_REASONS].find((reason) => reason === current);
  return known ?? 'invalid-block';
}

const OBSOLETE = 0x11;
const CHECKPOINT = 0x43;
const INVALID = 0x10;

/** The code of a reason in a `reject` message (BIP61). */
export function rejectCode(reason: string): number {
  if (reason === 'bad-version') return OBSOLETE;
  if (reason === 'checkpoint-mismatch' || reason === 'bad-fork-prior-to-checkpoint') return CHECKPOINT;
  return INVALID;
}
