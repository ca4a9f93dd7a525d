import type { NonStandardReason } from './reasons';

/** What is known beyond the bytes of the transaction. A rule whose context is left out is not judged. */
export interface PolicyContext {
  /** Height of the next block. */
  readonly nextHeight?: number | undefined;
  /** Median time of the last 11 blocks, Unix time in seconds. */
  readonly medianTime?: number | undefined;
  /** Fee of the transaction in satoshi. */
  readonly fee?: number | undefined;
  /** btcd's minimum relay fee in sat/kvB, from which its dust limit follows; default: btcd's 1,000. */
  readonly minRelayFee?: number | undefined;
}

/** The verdict of a policy on an output. */
export interface OutputVerdict {
  /** The fault of this output. */
  readonly reason: NonStandardReason | undefined;
  /** Whether its value is below the dust limit, even if that is no fault. */
  readonly isDust: boolean;
}

/** The verdict of a policy on a transaction. */
export interface Standardness {
  /**
   * The reason that the reference implementation would give: the first that it finds. Undefined: standard.
   */
  readonly reason: NonStandardReason | undefined;
  /** The fault of each input. */
  readonly inputs: readonly (NonStandardReason | undefined)[];
  /** The verdict on each output. */
  readonly outputs: readonly OutputVerdict[];
}

// Almost every output gets one of these, so they are made once.
const STANDARD: OutputVerdict = { reason: undefined, isDust: false };
const STANDARD_DUST: OutputVerdict = { reason: undefined, isDust: true };

export function outputVerdict(reason: NonStandardReason | undefined, isDust: boolean): OutputVerdict {
  if (reason !== undefined) return { reason, isDust };
  return isDust ? STANDARD_DUST : STANDARD;
}

/** The first fault in a list of outputs. */
export function firstReason(outputs: readonly OutputVerdict[]): NonStandardReason | undefined {
  for (const { reason } of outputs) if (reason !== undefined) return reason;
  return undefined;
}
