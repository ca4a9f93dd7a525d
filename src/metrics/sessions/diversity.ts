import { CountsByName } from '../../lib/counts-by-name';

/** How peers are spread over groups. */
export interface Diversity {
  readonly groups: number;
  /** Peers in the largest group; 0 without any. */
  readonly largest: number;
  /** Shannon entropy in bits: 0 where all peers are in one group, log2(n) where each of n is alone. */
  readonly entropy: number;
}

/**
 * Counts peers by group. The spread is computed from the sizes of the groups, of which there are few. So it
 * takes no longer with ten thousand peers.
 */
export class GroupCounts<Group extends string | number> {
  private readonly peers = new CountsByName<Group>();
  /** How many groups have each number of peers. */
  private readonly groupsOfSize = new CountsByName<number>();
  private total = 0;

  /** Counts a peer, or one less; peers without a group don't count. */
  add(group: Group | undefined, change: 1 | -1): void {
    if (group === undefined) return;
    const before = this.peers.of(group);
    const after = before + change;
    this.peers.add(group, change);
    if (before > 0) this.groupsOfSize.add(before, -1);
    if (after > 0) this.groupsOfSize.add(after, 1);
    this.total += change;
  }

  get diversity(): Diversity {
    let groups = 0;
    let largest = 0;
    let entropy = 0;
    for (const [size, count] of this.groupsOfSize) {
      groups += count;
      largest = Math.max(largest, size);
      entropy -= count * (size / this.total) * Math.log2(size / this.total);
    }
    // A single group makes -0.
    return { groups, largest, entropy: entropy + 0 };
  }
}
