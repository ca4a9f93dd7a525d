import { type Block, parseBlock } from '../wire/block';

/** How many blocks below the best one are recent: 2 hours of mainnet, and twice its deepest reorganisation since 2013. */
export const RECENT_BLOCKS = 12;

/** As many full blocks of mainnet as two branches of 8. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Blocks that may have to join the best chain later, by their index in the chain, as the bytes they came in: parsed, they
 * take several times as much. Where they are too many the oldest go.
 */
export class RecentBlocks {
  private readonly kept = new Map<number, Buffer>();
  private bytes = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  add(index: number, { bytes }: Block): void {
    // A view of a socket's chunk would hold all of the chunk.
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

  /** Forgets the blocks that are recent no longer. */
  keepOnly(isRecent: (index: number) => boolean): void {
    for (const [index, { length }] of this.kept) {
      if (isRecent(index)) continue;
      this.kept.delete(index);
      this.bytes -= length;
    }
  }
}
