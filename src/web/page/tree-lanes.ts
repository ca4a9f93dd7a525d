import type { LiveTreeBlock } from '../../live/live';

/** A row of the drawn tree: a block, or blocks that are left out. */
export interface TreeRow {
  /** The block, or in a row of blocks that are left out the one above them. */
  readonly block: LiveTreeBlock;
  /** How many blocks are left out; 0 in the row of a block. */
  readonly leftOut: number;
  /** The lane of its branch: 0 for the best chain. */
  readonly lane: number;
  /** Whether its branch goes on above it, and below it. */
  readonly goesUp: boolean;
  readonly goesDown: boolean;
  /** Lanes of other branches that pass by, and of those that leave the chain at this block. */
  readonly passing: readonly number[];
  readonly leaving: readonly number[];
}

/** The rows of a tree, and the number of lanes next to each other. */
export interface TreeRows {
  readonly rows: readonly TreeRow[];
  readonly lanes: number;
}

/** From which row to which the line of a branch goes; the last one is that of the block which it left. */
interface Span {
  readonly branch: number;
  readonly from: number;
  readonly to: number;
}

/** Lays out the blocks of a tree, the highest first: a row for each, and a lane for each branch. */
export function treeRows(blocks: readonly LiveTreeBlock[]): TreeRows {
  const entries = blocks.flatMap((block) => [
    { block, leftOut: 0 },
    ...(block.notDrawn > 0 ? [{ block, leftOut: block.notDrawn }] : []),
  ]);
  const rowOf = new Map<string, number>();
  for (const [row, { block, leftOut }] of entries.entries()) if (leftOut === 0) rowOf.set(block.sha, row);
  const spans = new Map<number, Span>();
  for (const [row, { block }] of entries.entries()) {
    const { branch, below } = block;
    const foot = below === null ? row : (rowOf.get(below) ?? row);
    spans.set(branch, { branch, from: spans.get(branch)?.from ?? row, to: foot });
  }
  const laneOf = lanesOf([...spans.values()]);
  const rows = entries.map(({ block, leftOut }, row): TreeRow => {
    const { branch } = block;
    const own = spans.get(branch);
    const others = [...spans.values()].filter((span) => span.branch !== branch && span.from < row);
    const lanes = (wanted: readonly Span[]): readonly number[] =>
      wanted.map((span) => laneOf.get(span.branch) ?? 0).sort((a, b) => a - b);
    return {
      ...{ block, leftOut, lane: laneOf.get(branch) ?? 0 },
      goesUp: own !== undefined && own.from < row,
      goesDown: own !== undefined && own.to > row,
      passing: lanes(others.filter(({ to }) => to > row)),
      leaving: lanes(others.filter(({ to }) => to === row)),
    };
  });
  return { rows, lanes: Math.max(1, ...[...laneOf.values()].map((lane) => lane + 1)) };
}

/** The lanes by branch: the best chain has the first one, each other branch the first that is free. */
function lanesOf(spans: readonly Span[]): ReadonlyMap<number, number> {
  const lanes = new Map<number, number>([[0, 0]]);
  /** Up to which row a lane is taken. */
  const takenTo: number[] = [Infinity];
  for (const { branch, from, to } of spans.filter((span) => span.branch !== 0)) {
    const free = takenTo.findIndex((row) => row < from);
    const lane = free < 0 ? takenTo.length : free;
    takenTo[lane] = to;
    lanes.set(branch, lane);
  }
  return lanes;
}
