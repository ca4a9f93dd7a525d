/**
 * Why a policy does not relay a transaction: a fixed list of Bitcoin Core's names (`src/policy/policy.cpp`,
 * `src/validation.cpp`). btcd describes its reasons in sentences, which are mapped to these names.
 */
export const NON_STANDARD_REASONS = [
  /** The version is outside the policy's range. */
  'version',
  /** The weight is above 400,000 WU. */
  'tx-size',
  /**
   * It has fewer than 65 bytes without witness, so it could pass for a node of a merkle tree
   * (CVE-2017-12842).
   */
  'tx-size-small',
  /** A signature script is longer than 1,650 bytes. */
  'scriptsig-size',
  /** A signature script does more than push. */
  'scriptsig-not-pushonly',
  /** An output has a script that is of no form that the policy accepts. */
  'scriptpubkey',
  /** btcd: a bare multisig has more than 3 keys. Core calls that `scriptpubkey`. */
  'bare-multisig',
  /** Nulldata exceeds the policy's limit: on the size of scripts in Core, on data or pushes in btcd. */
  'datacarrier',
  /** btcd: there is more than one nulldata output. */
  'multi-op-return',
  /** An output is worth less than spending it costs. */
  'dust',
  /** The lock time keeps it out of the next block. */
  'non-final',
  /** Its signature checks weigh more than the policy allows. */
  'bad-txns-too-many-sigops',
  /** Core: it is of version 3 and larger than 10,000 vB (BIP431). */
  'TRUC-violation',
] as const;

export type NonStandardReason = (typeof NON_STANDARD_REASONS)[number];
