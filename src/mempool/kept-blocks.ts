import type { Hash } from '../wire/hash';

/**
 * Number of blocks whose transactions are kept: 2 hours of mainnet. They are compared with transactions
 * relayed late, and restored in a reorganisation.
 */
const KEPT_BLOCKS = 12;

/** Numbers, from 1, of the last blocks of the best chain. */
export class KeptBlocks {
  /** Numbers by hash, in the order in which the blocks arrived. */
  private readonly numbers = new Map<Hash, number>();
  private last = 0;

  /** The number of the oldest block that is kept. */
  get oldest(): number {
    return this.last - KEPT_BLOCKS + 1;
  }

  /** Numbers a new block, and drops those that are no longer kept. */
  add(hash: Hash): number {
    this.last += 1;
    this.numbers.set(hash, this.last);
    for (const [each, number] of this.numbers) if (number < this.oldest) this.numbers.delete(each);
    return this.last;
  }

  /** Drops a block that left the best chain; returns its number if it was kept. */
  take(hash: Hash): number | undefined {
    const number = this.numbers.get(hash);
    this.numbers.delete(hash);
    // Keeps the number of blocks that can still be taken back in a reorganisation.
    if (number === this.last) this.last -= 1;
    return number;
  }
}
