/** How peers are spread over groups. */
export interface Diversity {
  readonly groups: number;
  /** Peers in the group that has the most of them; 0 without any. */
  readonly largest: number;
  /** Shannon entropy in bits: 0 where all peers are in one group, log2(n) where each of n is alone. */
  readonly entropy: number;
}

/** The spread of peers over the groups that each of them is in; those without one don't count. */
export function diversityOf<Group>(groups: Iterable<Group | undefined>): Diversity {
  const counts = new Map<Group, number>();
  let total = 0;
  for (const group of groups) {
    if (group === undefined) continue;
    counts.set(group, (counts.get(group) ?? 0) + 1);
    total += 1;
  }
  let largest = 0;
  let entropy = 0;
  for (const count of counts.values()) {
    largest = Math.max(largest, count);
    entropy -= (count / total) * Math.log2(count / total);
  }
  // A single group makes -0.
  return { groups: counts.size, largest, entropy: entropy + 0 };
}
