import type { Block } from '../tx/block';
import type { ChainEvents } from './events';

/** Blocks whose times make a median; Core 31 `src/chain.h` CBlockIndex::nMedianTimeSpan. */
const MEDIAN_SPAN = 11;

/** How far below the best block others are remembered. */
const DEPTH = 300;

interface Entry {
  readonly height: number;
  readonly time: number;
  readonly previous: string;
}

/**
 * Follows which block is the best of those that came. A block's height is its parent's plus one where the parent came,
 * too; the first one's is what its coinbase says (BIP34). The highest is the best, the first of equals stays.
 */
export class BestChain {
  private readonly entries = new Map<string, Entry>();
  private bestHeight = -1;

  constructor(private readonly newBest: (event: ChainEvents['newBest']) => void) {}

  /** Takes a block that came for the first time. */
  add(block: Block): void {
    const parent = this.entries.get(block.prevHash);
    const height = parent === undefined ? block.coinbaseHeight : parent.height + 1;
    if (height === undefined) return;
    this.entries.set(block.hash, { height, time: block.time, previous: block.prevHash });
    if (height <= this.bestHeight) return;
    this.bestHeight = height;
    this.forget(height - DEPTH);
    this.newBest({ block, height, medianTime: this.medianTime(block.hash) });
  }

  private medianTime(hash: string): number | undefined {
    const times: number[] = [];
    let entry = this.entries.get(hash);
    while (entry !== undefined && times.length < MEDIAN_SPAN) {
      times.push(entry.time);
      entry = this.entries.get(entry.previous);
    }
    if (times.length < MEDIAN_SPAN) return undefined;
    return times.sort((a, b) => a - b)[MEDIAN_SPAN >> 1];
  }

  private forget(height: number): void {
    for (const [hash, entry] of this.entries) if (entry.height < height) this.entries.delete(hash);
  }
}
