import type { Block } from '../wire/block';
import type { Hash } from '../wire/hash';

/** Limits of the blocks that wait. */
export interface OrphanLimits {
  readonly blocks: number;
  readonly bytes: number;
}

/**
 * btcd keeps 100 blocks (v0.26 `blockchain/chain.go` maxOrphanBlocks); the limit in bytes allows a dozen full
 * blocks.
 */
export const ORPHAN_LIMITS: OrphanLimits = { blocks: 100, bytes: 32 * 1024 * 1024 };

/** Blocks whose parents are unknown, oldest first. If there are too many, the oldest are dropped. */
export class OrphanBlocks<Arrival extends { readonly block: Block }> {
  private readonly waiting = new Map<Hash, Arrival>();
  private bytes = 0;

  constructor(private readonly limits: OrphanLimits) {}

  get size(): number {
    return this.waiting.size;
  }

  has(hash: Hash): boolean {
    return this.waiting.has(hash);
  }

  add(arrival: Arrival): void {
    const { block } = arrival;
    if (block.size > this.limits.bytes) return;
    this.waiting.set(block.wireHash, arrival);
    this.bytes += block.size;
    for (const oldest of this.waiting.values()) {
      if (this.waiting.size <= this.limits.blocks && this.bytes <= this.limits.bytes) break;
      this.remove(oldest);
    }
  }

  /** Removes and returns the first block whose parent is known. */
  take(isKnown: (hash: Hash) => boolean): Arrival | undefined {
    for (const arrival of this.waiting.values()) {
      if (!isKnown(arrival.block.wirePrevHash)) continue;
      this.remove(arrival);
      return arrival;
    }
    return undefined;
  }

  private remove(arrival: Arrival): void {
    this.waiting.delete(arrival.block.wireHash);
    this.bytes -= arrival.block.size;
  }
}
