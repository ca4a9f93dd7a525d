/**
 * Why a policy does not relay a transaction: a fixed list, by Bitcoin Core's names (`src/policy/policy.cpp`,
 * `src/validation.cpp`). btcd says it in sentences, which these names stand for.
 */
export const NON_STANDARD_REASONS = [
  /** The version is outside the policy's range. */
  'version',
  /** The weight is above 400,000 WU. */
  'tx-size',
  /** Without witness it has fewer than 65 bytes, so that it could pass for a node of a merkle tree (CVE-2017-12842). */
  'tx-size-small',
  /** A signature script is longer than 1,650 bytes. */
  'scriptsig-size',
  /** A signature script does more than push. */
  'scriptsig-not-pushonly',
  /** An output has a script of none of the policy's forms. */
  'scriptpubkey',
  /** btcd: a bare multisig has more keys than 3. Core calls that `scriptpubkey`. */
  'bare-multisig',
  /** Nulldata carries more than the policy lets through: bytes of scripts in Core, of data or pushes in btcd. */
  'datacarrier',
  /** btcd: there is more than one nulldata output. */
  'multi-op-return',
  /** An output is worth less than spending it costs. */
  'dust',
  /** The lock time does not let it into the next block. */
  'non-final',
  /** It weighs more signature checks than the policy lets through. */
  'bad-txns-too-many-sigops',
  /** Core: it is of version 3 and larger than 10,000 vB (BIP431). */
  'TRUC-violation',
] as const;

/** One of `NON_STANDARD_REASONS`. */
export type NonStandardReason = (typeof NON_STANDARD_REASONS)[number];
