import fc from 'fast-check';
import { type Chunk, type Cluster, chunksOf } from '../../src/mempool/linearize';

const rate = ({ fee, vsize }: Pick<Chunk, 'fee' | 'vsize'>): number => fee / vsize;

const clusterOf = (
  ...members: readonly (readonly [fee: number, vsize: number, ...parents: number[]])[]
): Cluster => ({
  fees: members.map(([fee]) => fee),
  vsizes: members.map(([, vsize]) => vsize),
  parents: members.map(([, , ...parents]) => parents),
});

/** Clusters of up to 9 transactions, whose parents may stand before or behind them. */
const clusters = fc
  .array(
    fc.record({
      fee: fc.nat(10_000),
      vsize: fc.integer({ min: 60, max: 900 }),
      parents: fc.array(fc.nat(8)),
    }),
    { minLength: 1, maxLength: 9 },
  )
  .chain((made) =>
    fc.shuffledSubarray([...made.keys()], { minLength: made.length }).map((names): Cluster => {
      // Parents are made before their children, and then all get other numbers.
      const cluster = { fees: [] as number[], vsizes: [] as number[], parents: [] as number[][] };
      made.forEach(({ fee, vsize, parents }, i) => {
        const name = names[i] ?? 0;
        cluster.fees[name] = fee;
        cluster.vsizes[name] = vsize;
        cluster.parents[name] = parents.filter((parent) => parent < i).map((parent) => names[parent] ?? 0);
      });
      return cluster;
    }),
  );

/** The highest feerate of all sets of transactions that hold the parents of each: all sets are tried. */
function bestRate({ fees, vsizes, parents }: Cluster): number {
  let best = 0;
  for (let set = 1; set < 2 ** fees.length; set++) {
    const members = [...fees.keys()].filter((i) => (set >> i) & 1);
    if (members.some((i) => parents[i]?.some((parent) => ((set >> parent) & 1) === 0))) continue;
    const sum = (values: readonly number[]): number =>
      members.reduce((total, i) => total + (values[i] ?? 0), 0);
    best = Math.max(best, sum(fees) / sum(vsizes));
  }
  return best;
}

describe('chunksOf', () => {
  it('has a child pay for its parent, and not a parent for its child', () => {
    expect(chunksOf(clusterOf([100, 100], [900, 100, 0]))).toEqual([
      { members: [0, 1], fee: 1_000, vsize: 200 },
    ]);
    expect(chunksOf(clusterOf([900, 100], [100, 100, 0])).map(rate)).toEqual([9, 1]);
  });

  it('has a grandchild pay for a part of its ancestors where another child pays for the rest', () => {
    const chunks = chunksOf(clusterOf([100, 100], [2_000, 100, 0], [150, 100, 0], [800, 100, 2]));
    expect(chunks.map(({ members }) => members)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('takes each once, after its parents, in descending feerates, and the best first in most cases', () => {
    let best = 0;
    let all = 0;
    fc.assert(
      fc.property(clusters, (cluster) => {
        const chunks = chunksOf(cluster);
        const order = chunks.flatMap(({ members }) => members);
        expect([...order].sort((a, b) => a - b)).toEqual([...cluster.fees.keys()]);
        order.forEach((member, i) => {
          for (const parent of cluster.parents[member] ?? []) expect(order.indexOf(parent)).toBeLessThan(i);
        });
        for (const { members, fee, vsize } of chunks) {
          expect(fee).toBe(members.reduce((sum, member) => sum + (cluster.fees[member] ?? 0), 0));
          expect(vsize).toBe(members.reduce((sum, member) => sum + (cluster.vsizes[member] ?? 0), 0));
        }
        const rates = chunks.map(rate);
        rates.slice(1).forEach((next, i) => expect(next).toBeLessThanOrEqual(rates[i] ?? 0));
        const found = rates[0] ?? 0;
        const optimum = bestRate(cluster);
        expect(found).toBeLessThanOrEqual(optimum * (1 + 1e-12));
        all += 1;
        if (found >= optimum * (1 - 1e-12)) best += 1;
      }),
      { numRuns: 500, seed: 1 },
    );
    expect(best / all).toBeGreaterThan(0.9);
  });
});
