import type { Block } from '../wire/block';
import type { Hash } from '../wire/hash';
import type { SanityReason } from '../policy/sanity';
import type { BlockReason, FullReason, HeaderReason } from './reasons';

/**
 * The verdict on a block:
 * `accepted` - valid, and part of the best chain of headers or of the best chain of the blocks that arrived;
 * `side_chain` - valid, and not part of these;
 * `rejected` - invalid;
 * `duplicate` - the block arrived before;
 * `unrequested` - we did not request the block, and did not check it;
 * `orphan` - the parent is unknown: the block waits, and is judged again when its parent arrives.
 */
export type BlockStatus = 'accepted' | 'side_chain' | 'rejected' | 'duplicate' | 'unrequested' | 'orphan';

/** Whether a block was looked at. Strangers can send any number of those that were not. */
export function isJudged(status: BlockStatus): boolean {
  return status !== 'duplicate' && status !== 'unrequested';
}

/** Why a block is rejected: a fixed list of Bitcoin Core's names. */
export type RejectReason = HeaderReason | BlockReason | SanityReason | FullReason;

/** A block that was judged. */
export interface ProcessedBlock {
  readonly block: Block;
  /** `host:port` of the peer that sent it; undefined if it came from a watched node. */
  readonly peerAddress: string | undefined;
  readonly status: BlockStatus;
  /** Undefined if its parent is unknown. */
  readonly height: number | undefined;
  /** Undefined unless it is rejected. */
  readonly reason: RejectReason | undefined;
  /** How long its checks took, in milliseconds; undefined if it came from a watched node. */
  readonly processTimeMs: number | undefined;
  /**
   * What the coinbase takes beyond the subsidy, in satoshi: the fees, or less if the miner claims less.
   * Undefined if the block is invalid, or if the miner claims less than the subsidy.
   */
  readonly totalTxFees: number | undefined;
  /**
   * With `--validate full`, if the block joined the chain: the number of inputs whose scripts were not
   * judged.
   */
  readonly unverifiedInputs?: number | undefined;
}

/** The events of the chain. */
export interface ChainEvents {
  /** A block became the best one that has arrived. */
  newBest: {
    readonly block: Block;
    readonly height: number;
    /**
     * Median of the times of the block and its 10 ancestors (Unix time, seconds). Undefined if one of them is
     * unknown.
     */
    readonly medianTime: number | undefined;
  };
  /** A block was judged. This event comes before those that follow from it. */
  processedBlock: ProcessedBlock;
  /**
   * A block joined the best chain. If several do, the lowest comes first. These events come before `newBest`.
   */
  blockConnected: { readonly block: Block; readonly height: number };
  /**
   * A block left the best chain. If several do, the highest comes first. These events come before the
   * `blockConnected` of the blocks that replace them.
   */
  blockDisconnected: { readonly hash: Hash; readonly height: number };
  /** The previous best block left the best chain. This event comes before those that follow from it. */
  reorg: {
    /** The number of blocks that left the best chain. */
    readonly depth: number;
    /** The hashes of the old tip and of the new one. */
    readonly oldTip: Hash;
    readonly newTip: Hash;
    /** Height of the last block that both chains share. */
    readonly forkHeight: number;
  };
  /** Blocks are missing and must be requested. The first of them is `depth` blocks below the best header. */
  blocksMissing: { readonly hashes: readonly Hash[]; readonly depth: number };
  /** The value in satoshi of a spent output was found. `txid` is its 32 bytes in wire order. */
  outputFound: { readonly txid: Buffer; readonly index: number; readonly value: number };
}
