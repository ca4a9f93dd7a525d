import { BUCKET_FLOORS, type BinSums } from './feerate-bins';

/** Room of a block in vB, without the 8,000 weight units that Core leaves to header and coinbase. */
export const BLOCK_VSIZE = 998_000;

/** A block of the transactions that would be taken next. */
interface ProjectedBlock {
  /** In satoshi. */
  readonly fees: number;
  readonly transactions: number;
  /** The least feerate in it, in sat/vB; undefined if it is empty. */
  readonly leastRate: number | undefined;
  readonly isFull: boolean;
}

/** The relay view by the feerate of its chunks, and the blocks that it would fill if nothing came. */
export interface FeeProjection {
  /** Transactions and their virtual size by `BUCKET_FLOORS`. */
  readonly counts: readonly number[];
  readonly vsizes: readonly number[];
  /** Transactions whose fee is not known, and their virtual size. They are in no bucket. */
  readonly unknown: number;
  readonly unknownVsize: number;
  /** Transactions that pay less than their chunk, and their virtual size. */
  readonly paidFor: number;
  readonly paidForVsize: number;
  /** The next `PROJECTED_BLOCKS` blocks. */
  readonly blocks: readonly ProjectedBlock[];
}

const PROJECTED_BLOCKS = 24;

/**
 * Fills blocks from the highest bin down. Transactions whose fee is not known are assumed to pay like the
 * others: they take their part of each block. If a block takes only a part of a bin, the feerates of the bin
 * are assumed to be equal; they differ by 1 % at most.
 */
export function projectionOf(sums: BinSums): FeeProjection {
  const { counts, vsizes } = sums.within(BUCKET_FLOORS);
  const { unknown, unknownVsize, paidFor, paidForVsize } = sums;
  const known = vsizes.reduce((sum, vsize) => sum + vsize, 0);
  const share = known === 0 ? 1 : known / (known + unknownVsize);
  // A whole number, so that the parts of a bin that blocks take add up exactly.
  const room = Math.max(1, Math.round(BLOCK_VSIZE * share));
  const blocks = blocksOf(sums, room);
  return { counts, vsizes, unknown, unknownVsize, paidFor, paidForVsize, blocks };
}

function blocksOf(sums: BinSums, room: number): ProjectedBlock[] {
  const blocks: ProjectedBlock[] = [];
  let bin = sums.vsizes.length - 1;
  /** The part of the bin, in vB, that the blocks before took. */
  let used = 0;
  while (blocks.length < PROJECTED_BLOCKS) {
    let free = room;
    let fees = 0;
    let transactions = 0;
    let leastRate: number | undefined;
    while (bin >= 0 && free > 0) {
      const vsize = sums.vsizes[bin] ?? 0;
      const part = Math.min(vsize - used, free);
      if (part > 0) {
        leastRate = (sums.fees[bin] ?? 0) / vsize;
        fees += leastRate * part;
        transactions += ((sums.counts[bin] ?? 0) * part) / vsize;
        free -= part;
        used += part;
      }
      if (used < vsize) break;
      bin -= 1;
      used = 0;
    }
    blocks.push({
      ...{ fees: Math.round(fees), transactions: Math.round(transactions) },
      leastRate,
      isFull: free <= 0,
    });
  }
  return blocks;
}

/**
 * The feerate in sat/vB that puts a transaction into one of the next `within` blocks, at most
 * `PROJECTED_BLOCKS`, if nothing else came: the least feerate in the last of them. If these blocks have room
 * to spare, it is `least`, the feerate at which transactions are relayed.
 */
export function neededRate({ blocks }: FeeProjection, within: number, least: number): number {
  const last = blocks[within - 1];
  return last?.isFull === true && last.leastRate !== undefined ? Math.max(last.leastRate, least) : least;
}
