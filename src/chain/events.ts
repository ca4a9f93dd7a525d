import type { Block } from '../tx/block';

/** What the chain tells the rest of the program. */
export interface ChainEvents {
  /** A block became the best that has been seen. */
  newBest: {
    readonly block: Block;
    readonly height: number;
    /** Median of the times of the block and its 10 ancestors (Unix time, seconds), where they are all known. */
    readonly medianTime: number | undefined;
  };
}
