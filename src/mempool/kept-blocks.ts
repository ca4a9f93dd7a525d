/** Blocks whose transactions are kept to be held against what is relayed late, and to be given back: 2 hours of mainnet. */
const KEPT_BLOCKS = 12;

/** Numbers, from 1, of the last blocks of the best chain. */
export class KeptBlocks {
  /** By hash, in the order in which they came. */
  private readonly numbers = new Map<string, number>();
  private last = 0;

  /** The number from which on blocks are kept. */
  get oldest(): number {
    return this.last - KEPT_BLOCKS + 1;
  }

  /** Numbers a block that came, and forgets those that are no longer kept. */
  add(hash: string): number {
    this.last += 1;
    this.numbers.set(hash, this.last);
    for (const [each, number] of this.numbers) if (number < this.oldest) this.numbers.delete(each);
    return this.last;
  }

  /** Forgets a block that left the best chain; returns its number where it was kept. */
  take(hash: string): number | undefined {
    const number = this.numbers.get(hash);
    this.numbers.delete(hash);
    // So that a reorganisation leaves as many blocks to be taken back as there were.
    if (number === this.last) this.last -= 1;
    return number;
  }
}
