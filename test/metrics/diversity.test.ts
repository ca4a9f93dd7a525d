import { GroupCounts } from '../../src/metrics/sessions/diversity';

/** The spread as it is defined: by the groups of all peers. */
function spreadOf(groups: readonly string[]): readonly [groups: number, largest: number, entropy: number] {
  const counts = new Map<string, number>();
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / groups.length);
  const entropy = -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
  return [counts.size, Math.max(0, ...counts.values()), entropy];
}

describe('counts of peers by group', () => {
  it('has the spread of the peers that are there while peers come and go', () => {
    const counts = new GroupCounts<string>();
    const there: string[] = [];
    for (let step = 0; step < 2_000; step++) {
      // Squares modulo a prime: few groups have many peers, many have few.
      const group = `group ${((step * step) % 997) % (1 + (step % 60))}`;
      const leaves = step % 3 === 2 || step > 1_500 ? there.pop() : undefined;
      if (leaves === undefined) there.push(group);
      counts.add(leaves ?? group, leaves === undefined ? 1 : -1);
      const [groups, largest, entropy] = spreadOf(there);
      expect(counts.diversity).toEqual({ groups, largest, entropy: expect.closeTo(entropy, 9) as number });
    }
  });

  it('does not count peers without a group', () => {
    const counts = new GroupCounts<number>();
    counts.add(undefined, 1);
    expect(counts.diversity).toEqual({ groups: 0, largest: 0, entropy: 0 });
    counts.add(7, 1);
    expect(counts.diversity).toEqual({ groups: 1, largest: 1, entropy: 0 });
    counts.add(7, -1);
    expect(counts.diversity).toEqual({ groups: 0, largest: 0, entropy: 0 });
  });
});
