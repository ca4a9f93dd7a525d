import type { Hash } from '../../wire/hash';
import type { RejectReason } from '../chain-events';

/** The judgement of full validation on a block. */
export interface FullVerdict {
  /**
   * `connected` - valid, its scripts included, and now the tip of the chain;
   * `stored` - on another branch, where inputs are not checked, or known before;
   * `rejected` - invalid;
   * `no-parent` - its parent is unknown.
   */
  readonly status: 'connected' | 'stored' | 'rejected' | 'no-parent';
  /** Set if it is rejected. */
  readonly reason?: RejectReason | undefined;
  /** Set if it is connected: inputs whose scripts were not judged. */
  readonly unverifiedInputs?: number | undefined;
  /** Hashes of stored blocks that were found to be invalid when their branch became the best. */
  readonly invalid: readonly Hash[];
  /** The tip of the chain afterwards. */
  readonly tip: Hash;
  /** How long judging took, in milliseconds. */
  readonly ms: number;
}

/** A chain with its unspent outputs. */
export interface FullEngine {
  /** Hash of the tip when the chain was opened. */
  readonly tip: Hash;
  readonly height: number;
  /** Whether OpenSSL checks the signatures, instead of JavaScript. */
  readonly openSsl: boolean;
  /** Blocks that were found to be invalid when the chain was opened. */
  readonly invalid: readonly Hash[];
  /**
   * Adds a block to the chain. Calls are processed one at a time, in their order.
   * @param runScripts false if the block is known to be valid, as blocks up to a checkpoint are
   */
  add(block: Buffer, runScripts: boolean): Promise<FullVerdict>;
  /** Headers of the best chain from a height on, concatenated, at most 2,000. */
  headers(from: number): Promise<Buffer>;
  /**
   * Values of outputs in satoshi; NaN for an output that is not in the set of unspent outputs.
   * @param outpoints 36 bytes each, in wire order
   */
  values(outpoints: Buffer): Promise<Float64Array>;
  close(): Promise<void>;
}
