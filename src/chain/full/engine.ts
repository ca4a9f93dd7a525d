import type { RejectReason } from '../chain-events';

/** What full validation says of a block. */
export interface FullVerdict {
  /**
   * `connected` - valid, its scripts included, and the tip of the chain;
   * `stored` - beside the best chain, where its inputs are not looked at, or known from before;
   * `rejected` - invalid;
   * `no-parent` - its parent is not known.
   */
  readonly status: 'connected' | 'stored' | 'rejected' | 'no-parent';
  /** Where it is rejected. */
  readonly reason?: RejectReason | undefined;
  /** Where it is connected: inputs whose scripts were not judged. */
  readonly unverifiedInputs?: number | undefined;
  /** Hashes of other blocks, kept from before, that were found to be invalid when their branch became the best. */
  readonly invalid: readonly string[];
  /** The chain's tip after it. */
  readonly tip: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

/** A chain with its unspent outputs. Hashes are as people write them. */
export interface FullEngine {
  /** Hash of the last block when it was opened. */
  readonly tip: string;
  readonly height: number;
  /** Whether signatures are checked by OpenSSL, and not in JavaScript. */
  readonly openSsl: boolean;
  /** Blocks that were found to be invalid when it was opened. */
  readonly invalid: readonly string[];
  /**
   * Adds a block to the chain. One at a time, in the order of the calls.
   * @param runScripts false where the block is known to be good, as those up to a checkpoint are
   */
  add(block: Buffer, runScripts: boolean): Promise<FullVerdict>;
  /** Headers of the best chain from a height on, at most 2,000, one behind the other. */
  headers(from: number): Promise<Buffer>;
  /**
   * Values in satoshi of outputs; NaN for one that is not in the set of unspent outputs.
   * @param outpoints 36 bytes each, as on the wire
   */
  values(outpoints: Buffer): Promise<Float64Array>;
  close(): Promise<void>;
}
