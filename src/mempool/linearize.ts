/** Transactions that depend on each other, numbered from 0. */
export interface Cluster {
  /** In satoshi. */
  readonly fees: readonly number[];
  /** In vB, above 0. */
  readonly vsizes: readonly number[];
  /** The parents of each transaction. */
  readonly parents: readonly (readonly number[])[];
}

/** Transactions that a miner takes together, parents first. */
export interface Chunk {
  readonly members: number[];
  /** In satoshi. */
  fee: number;
  /** In vB. */
  vsize: number;
}

/**
 * The chunks of a cluster, in the order in which a miner takes them; their feerates descend. Among the
 * transactions that are left, the one that has the highest feerate together with its remaining ancestors
 * comes next, after these ancestors. If a row of transactions pays more than the row before it, both become
 * one chunk. The order is that of Bitcoin Core up to 30 (`BlockAssembler::addPackageTxs`), and the chunks are
 * those of Core 31 (`ChunkLinearization` of src/cluster_linearize.h). Core 31 also looks for better orders,
 * in which several children pay for a parent. The time grows with the square of the number of transactions.
 */
export function chunksOf(cluster: Cluster): Chunk[] {
  const chunks: Chunk[] = [];
  for (const member of linearize(cluster)) {
    let chunk: Chunk = {
      members: [member],
      fee: at(cluster.fees, member),
      vsize: at(cluster.vsizes, member),
    };
    for (let before = chunks.at(-1); before !== undefined; before = chunks.at(-1)) {
      if (chunk.fee / chunk.vsize <= before.fee / before.vsize) break;
      chunks.pop();
      before.members.push(...chunk.members);
      before.fee += chunk.fee;
      before.vsize += chunk.vsize;
      chunk = before;
    }
    chunks.push(chunk);
  }
  return chunks;
}

/** All transactions, each after its ancestors, by the feerates of their ancestors that are left. */
function linearize({ fees, vsizes, parents }: Cluster): number[] {
  const count = fees.length;
  const order = parentsFirst(parents);
  // Whether b is an ancestor of a, or a itself, at a * count + b.
  const isAncestor = new Uint8Array(count * count);
  const feesLeft = new Float64Array(count);
  const vsizesLeft = new Float64Array(count);
  for (const a of order) {
    isAncestor[a * count + a] = 1;
    for (const parent of parents[a] ?? [])
      for (let b = 0; b < count; b++) if (isAncestor[parent * count + b] === 1) isAncestor[a * count + b] = 1;
    for (let b = 0; b < count; b++) {
      if (isAncestor[a * count + b] !== 1) continue;
      feesLeft[a] = at(feesLeft, a) + at(fees, b);
      vsizesLeft[a] = at(vsizesLeft, a) + at(vsizes, b);
    }
  }
  const done: number[] = [];
  let left = order;
  while (left.length > 0) {
    let best = left[0] ?? 0;
    for (const a of left)
      if (at(feesLeft, a) / at(vsizesLeft, a) > at(feesLeft, best) / at(vsizesLeft, best)) best = a;
    const taken = left.filter((b) => isAncestor[best * count + b] === 1);
    left = left.filter((b) => isAncestor[best * count + b] !== 1);
    for (const b of taken)
      for (const a of left) {
        if (isAncestor[a * count + b] !== 1) continue;
        feesLeft[a] = at(feesLeft, a) - at(fees, b);
        vsizesLeft[a] = at(vsizesLeft, a) - at(vsizes, b);
      }
    done.push(...taken);
  }
  return done;
}

/** All transactions, each after its parents. */
function parentsFirst(parents: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const isPlaced = new Uint8Array(parents.length);
  const visit = (member: number): void => {
    if (isPlaced[member] === 1) return;
    isPlaced[member] = 1;
    for (const parent of parents[member] ?? []) visit(parent);
    order.push(member);
  };
  parents.forEach((_, member) => visit(member));
  return order;
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? NaN;
}
