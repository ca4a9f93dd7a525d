import type { Block } from '../wire/block';
import type { Hash } from '../wire/hash';
import type { SanityReason } from '../policy/sanity';
import type { BlockReason, FullReason, HeaderReason } from './reasons';

/**
 * What became of a block:
 * `accepted` - valid, and of the best chain: that of headers, or that of the blocks that are here;
 * `side_chain` - valid, beside it;
 * `rejected` - invalid;
 * `duplicate` - it came before;
 * `unrequested` - nobody asked for it, and it was not looked at;
 * `orphan` - its parent is not known: it waits, and is judged once more when its parent is there.
 */
export type BlockStatus = 'accepted' | 'side_chain' | 'rejected' | 'duplicate' | 'unrequested' | 'orphan';

/** Why a block is rejected: Bitcoin Core's names. A fixed list. */
export type RejectReason = HeaderReason | BlockReason | SanityReason | FullReason;

/** A block that was judged. */
export interface ProcessedBlock {
  readonly block: Block;
  /** `host:port` of the peer that sent it. */
  readonly peerAddress: string;
  readonly status: BlockStatus;
  /** Where its parent is known. */
  readonly height: number | undefined;
  /** Where it is rejected. */
  readonly reason: RejectReason | undefined;
  /** How long it took to judge, in milliseconds. */
  readonly processTimeMs: number;
  /**
   * Satoshi that the coinbase takes beyond the subsidy, where the block is valid: the fees, or less if the
   * miner claims less; undefined where it claims not even the subsidy.
   */
  readonly totalTxFees: number | undefined;
  /** With `--validate full`, of a block that joined its chain: inputs whose scripts were not judged. */
  readonly unverifiedInputs?: number | undefined;
}

/** What the chain tells the rest of the program. */
export interface ChainEvents {
  /** A block became the best that has been seen. */
  newBest: {
    readonly block: Block;
    readonly height: number;
    /**
     * Median of the times of the block and its 10 ancestors (Unix time, seconds), where they are all known.
     */
    readonly medianTime: number | undefined;
  };
  /** A block was judged; comes before what follows from it. */
  processedBlock: ProcessedBlock;
  /**
   * A block is the best now or stands below it: of a branch that took the place of another one the lowest
   * first, before `newBest`.
   */
  blockConnected: { readonly block: Block; readonly height: number };
  /**
   * A block that was connected is so no longer: the highest first, before those that take their place are
   * connected.
   */
  blockDisconnected: { readonly hash: Hash; readonly height: number };
  /**
   * The best block that had been seen is no longer of the best chain; comes before all that follows from it.
   */
  reorg: {
    /** Blocks of the old chain that are none of the new one's. */
    readonly depth: number;
    /** Hashes of both tips. */
    readonly oldTip: Hash;
    readonly newTip: Hash;
    /** Height of the last block that both have. */
    readonly forkHeight: number;
  };
  /**
   * Blocks are missing: asks for them by their hashes, the first `depth` blocks below the best header.
   */
  blocksMissing: { readonly hashes: readonly Hash[]; readonly depth: number };
  /**
   * The value in satoshi of an output that a transaction spends was found. `txid` is its 32 bytes as on the
   * wire.
   */
  outputFound: { readonly txid: Buffer; readonly index: number; readonly value: number };
}
