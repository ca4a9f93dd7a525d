import type { Block } from '../wire/block';
import type { SanityReason } from '../policy/sanity';
import type { BlockReason, FullReason, HeaderReason } from './reasons';

/**
 * What became of a block:
 * `accepted` - valid, and part of the best header chain or of the best chain of blocks that arrived;
 * `side_chain` - valid, on another branch;
 * `rejected` - invalid;
 * `duplicate` - it arrived before;
 * `unrequested` - nobody requested it, so it was not checked;
 * `orphan` - its parent is unknown; it waits, and is judged again when the parent is known.
 */
export const BLOCK_STATUSES = [
  'accepted',
  'side_chain',
  'rejected',
  'duplicate',
  'unrequested',
  'orphan',
] as const;

export type BlockStatus = (typeof BLOCK_STATUSES)[number];

/** Why a block is rejected: a fixed list of Bitcoin Core's names. */
export type RejectReason = HeaderReason | BlockReason | SanityReason | FullReason;

/** A block that was judged. */
export interface ProcessedBlock {
  readonly block: Block;
  /** `host:port` of the peer that sent it. */
  readonly peerAddress: string;
  readonly status: BlockStatus;
  /** Undefined if its parent is unknown. */
  readonly height: number | undefined;
  /** Set if the block is rejected. */
  readonly reason: RejectReason | undefined;
  /** How long judging took, in milliseconds. */
  readonly processTimeMs: number;
  /**
   * Satoshi that the coinbase of a valid block takes beyond the subsidy: the fees, or less if the miner
   * claims less. Undefined if it claims less than the subsidy.
   */
  readonly totalTxFees: number | undefined;
  /** Only with `--validate full`, for a block that was connected: inputs whose scripts were not judged. */
  readonly unverifiedInputs?: number | undefined;
}

/** Events of the chain. */
export interface ChainEvents {
  /** A block became the best that arrived so far. */
  newBest: {
    readonly block: Block;
    readonly height: number;
    /**
     * Median of the times of the block and its 10 ancestors (Unix time, seconds). Undefined if not all of
     * them are known.
     */
    readonly medianTime: number | undefined;
  };
  /** A block was judged. Emitted before the events that follow from it for the best chain. */
  processedBlock: ProcessedBlock;
  /**
   * A block became the best one or an ancestor of it. When one branch replaces another, these come lowest
   * first, and before `newBest`.
   */
  blockConnected: { readonly block: Block; readonly height: number };
  /**
   * A connected block left the best chain. These come highest first, before the blocks that take their place
   * are connected.
   */
  blockDisconnected: { readonly hash: string; readonly height: number };
  /** The previous best block left the best chain. Emitted before all other events that follow from it. */
  reorg: {
    /** Number of blocks of the old chain that the new one does not contain. */
    readonly depth: number;
    /** Hashes of both tips (reversed hex). */
    readonly oldTip: string;
    readonly newTip: string;
    /** Height of the last block that both chains contain. */
    readonly forkHeight: number;
  };
}
