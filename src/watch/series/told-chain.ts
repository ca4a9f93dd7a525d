import type { Hash } from '../../wire/hash';

/** A block of the chain. `time` is the time in its header, Unix seconds. */
export interface ToldBlock {
  readonly hash: Hash;
  readonly height: number;
  readonly time: number;
}

/** Number of blocks of a median time. */
const MEDIAN_SPAN = 11;

/** Blocks that are remembered: no reorganisation was ever deeper, but on test networks. */
const REMEMBERED = 2_016;

/** The newest emitted blocks of the chain, at consecutive heights. */
export class ToldChain {
  private blocks: ToldBlock[] = [];
  private readonly heights = new Map<Hash, number>();

  get tip(): ToldBlock | undefined {
    return this.blocks.at(-1);
  }

  /** The lowest height that is remembered. */
  get lowestHeight(): number {
    return this.blocks[0]?.height ?? 0;
  }

  /** The height of a block of the chain; undefined if it is not in the chain, or not remembered. */
  heightOf(hash: Hash): number | undefined {
    return this.heights.get(hash);
  }

  /** Forgets all, and begins with these blocks, the lowest first, each the parent of the next. */
  begin(blocks: readonly ToldBlock[]): void {
    this.blocks = [];
    this.heights.clear();
    for (const block of blocks) this.push(block);
  }

  /** Adds a block on the tip. */
  push(block: ToldBlock): void {
    this.blocks.push(block);
    this.heights.set(block.hash, block.height);
    if (this.blocks.length <= 2 * REMEMBERED) return;
    for (const { hash } of this.blocks.splice(0, REMEMBERED)) this.heights.delete(hash);
  }

  /** Takes off the blocks above a height, and returns them, the highest first. */
  cut(height: number): readonly ToldBlock[] {
    const first = this.blocks.findIndex((block) => block.height > height);
    const off = first < 0 ? [] : this.blocks.splice(first).reverse();
    for (const { hash } of off) this.heights.delete(hash);
    return off;
  }

  /** Median of the times of the tip and its 10 ancestors, where all are known. */
  medianTime(): number | undefined {
    const newest = this.blocks.slice(-MEDIAN_SPAN);
    const isWhole = newest.length === MEDIAN_SPAN || newest[0]?.height === 0;
    if (!isWhole) return undefined;
    const times = newest.map(({ time }) => time).sort((a, b) => a - b);
    return times[Math.floor(times.length / 2)];
  }
}
