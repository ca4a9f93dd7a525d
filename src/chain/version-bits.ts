/** The bits of a version by which a block says that it signals (BIP9). */
const TOP_MASK = 0xe000_0000;
const TOP_BITS = 0x2000_0000;

/** The bits that BIP320 leaves to miners, as a second nonce: 13 to 28. */
const ROLLED_MASK = 0x1fff_e000;

/** Deployments have the bits below those of BIP320. */
const DEPLOYMENT_BITS = 13;

/** What a block signals by its version. */
export interface VersionSignals {
  /** The bits of deployments that it signals, ascending. */
  readonly bits: readonly number[];
  /** Whether a bit is set that BIP320 leaves to miners. */
  readonly isRolled: boolean;
}

/** What a version, signed or not, signals by BIP9; undefined if it is not of that form. */
export function versionSignals(version: number): VersionSignals | undefined {
  if ((version & TOP_MASK) !== TOP_BITS) return undefined;
  const bits = Array.from({ length: DEPLOYMENT_BITS }, (_, bit) => bit);
  return {
    bits: bits.filter((bit) => ((version >>> bit) & 1) === 1),
    isRolled: (version & ROLLED_MASK) !== 0,
  };
}
