import type { Hash } from '../wire/hash';

/**
 * Most pairs of parent and child that are kept, because peers can invent any number. Beyond it the oldest
 * parent is dropped.
 */
const MAX_PAIRS = 10_000;

/**
 * Which transactions of the view wait for a parent that is known to be missing. Parents are identified by
 * their txid, children by their slot.
 */
export class Orphans {
  private readonly childrenOf = new Map<Hash, Set<number>>();
  private readonly parentsOf = new Map<number, Set<Hash>>();
  private pairs = 0;

  /** Number of children that wait. */
  get count(): number {
    return this.parentsOf.size;
  }

  /** Records that a child waits for a parent. */
  wait(child: number, parent: Hash): void {
    if (this.childrenOf.get(parent)?.has(child) === true) return;
    if (this.pairs >= MAX_PAIRS) this.giveUpOldest();
    const children = this.childrenOf.get(parent) ?? new Set();
    this.childrenOf.set(parent, children.add(child));
    const parents = this.parentsOf.get(child) ?? new Set();
    this.parentsOf.set(child, parents.add(parent));
    this.pairs += 1;
  }

  /** Notes that a parent is no longer missing. */
  arrived(parent: Hash): void {
    const children = this.childrenOf.get(parent);
    if (children === undefined) return;
    for (const child of children) {
      const parents = this.parentsOf.get(child);
      parents?.delete(parent);
      if (parents?.size === 0) this.parentsOf.delete(child);
      this.pairs -= 1;
    }
    this.childrenOf.delete(parent);
  }

  /** Drops a child that left the view. */
  forget(child: number): void {
    const parents = this.parentsOf.get(child);
    if (parents === undefined) return;
    for (const parent of parents) {
      const children = this.childrenOf.get(parent);
      children?.delete(child);
      if (children?.size === 0) this.childrenOf.delete(parent);
      this.pairs -= 1;
    }
    this.parentsOf.delete(child);
  }

  private giveUpOldest(): void {
    for (const parent of this.childrenOf.keys()) {
      this.arrived(parent);
      return;
    }
  }
}
