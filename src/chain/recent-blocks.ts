import { type Block, parseBlock } from '../wire/block';

/**
 * How many blocks below the best one count as recent: 2 hours of mainnet, and twice its deepest
 * reorganisation since 2013.
 */
export const RECENT_BLOCKS = 12;

/** As many full mainnet blocks as two branches of 8. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Blocks that may join the best chain later, by their index in the chain. They are stored as the bytes
 * received, because parsed blocks take several times as much. If there are too many, the oldest are dropped.
 */
export class RecentBlocks {
  private readonly kept = new Map<number, Buffer>();
  private bytes = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  add(index: number, { bytes }: Block): void {
    // A view of a chunk that a socket read would keep the whole chunk in memory.
    this.kept.set(index, bytes.length === bytes.buffer.byteLength ? bytes : Buffer.from(bytes));
    this.bytes += bytes.length;
    for (const [oldest, { length }] of this.kept) {
      if (this.bytes <= this.maxBytes) return;
      this.kept.delete(oldest);
      this.bytes -= length;
    }
  }

  get(index: number): Block | undefined {
    const bytes = this.kept.get(index);
    return bytes === undefined ? undefined : parseBlock(bytes);
  }

  /** Drops the blocks that are no longer recent. */
  keepOnly(isRecent: (index: number) => boolean): void {
    for (const [index, { length }] of this.kept) {
      if (isRecent(index)) continue;
      this.kept.delete(index);
      this.bytes -= length;
    }
  }
}
