import type { Hash } from '../wire/hash';
import type { Connection } from './connection';

/** How many of the last blocks are remembered. */
const MAX_BLOCKS = 64;

/** After a forgery a missing block is not fetched for this time. */
const FORGERY_MS = 300_000;

/** The peers that could be asked for a block that came, if what came was a forgery. */
export interface BlockAlternatives {
  /** Other peers that announced it. */
  readonly announcers: readonly Connection[];
  /** Peers that may have it and that we have not asked. */
  readonly fetchers: readonly Connection[];
  /** Whether it was requested because it was missing. */
  readonly fetched: boolean;
}

/**
 * Remembers the alternatives to the last blocks that came, and which of them were forged: other bytes after
 * the header of the block.
 */
export class BlockAlternativesCache {
  private readonly alternatives = new Map<Hash, BlockAlternatives>();
  /** When a forgery came, by the hash of the block; monotonic milliseconds. */
  private readonly forgeries = new Map<Hash, number>();

  add(hash: Hash, alternatives: BlockAlternatives): void {
    this.alternatives.set(hash, alternatives);
    keepNewest(this.alternatives);
  }

  /** Notes a forgery, and returns the alternatives once. */
  takeForged(hash: Hash, now: number): BlockAlternatives | undefined {
    this.forgeries.set(hash, now);
    keepNewest(this.forgeries);
    const alternatives = this.alternatives.get(hash);
    this.alternatives.delete(hash);
    return alternatives;
  }

  /** Whether a forgery of the block came in the last five minutes. */
  wasForged(hash: Hash, now: number): boolean {
    return now - (this.forgeries.get(hash) ?? -Infinity) < FORGERY_MS;
  }
}

function keepNewest(blocks: Map<Hash, unknown>): void {
  for (const oldest of blocks.keys()) {
    if (blocks.size <= MAX_BLOCKS) return;
    blocks.delete(oldest);
  }
}
