import type { Hash } from '../wire/hash';
import { type ChainTip, type ChainTipsModules, type TipStatus, chainTips } from './chain-tips';
import type { HeaderChain } from './header-chain';

/** The last blocks of the best chain, whether anything branches off there or not. */
const LAST_BLOCKS = 12;

/** Branches that are drawn, the highest first. Test networks have thousands, and strangers can add some. */
const MOST_BRANCHES = 20;

/** Blocks of a branch that are drawn: its last ones. */
const MOST_OF_BRANCH = 6;

/** Blocks of the best chain that are drawn beside a branch: those that won against its first ones. */
const MOST_RIVALS = 3;

/** A block of the tree, of which at least the header is known. */
interface TreeBlock {
  readonly hash: Hash;
  readonly height: number;
  /** Time in its header, Unix seconds. */
  readonly time: number;
  /** 0 for the best chain, and 1 and so on for the branches. */
  readonly branch: number;
  /** That of its branch; `active` in the best chain. */
  readonly status: TipStatus;
  readonly isTip: boolean;
  /** The next drawn block towards the genesis block; null for the lowest one. */
  readonly below: Hash | null;
  /** Blocks between these two, which are not drawn. */
  readonly notDrawn: number;
}

/** The best chain and its branches within the last 2,016 heights, as they are drawn. */
export interface ChainTree {
  /** The highest first; at one height the best chain first, then the branches in their order. */
  readonly blocks: readonly TreeBlock[];
  /** Branches that are drawn, and further ones. */
  readonly branches: number;
  readonly moreBranches: number;
  /** As in {@link chainTips}. */
  readonly stale: number;
  readonly best: number;
}

/** The part of the tree that fits a picture: its size is bounded, whatever strangers send. */
export function chainTree(modules: ChainTipsModules): ChainTree {
  const { chain } = modules;
  const { tips, moreTips, stale, best } = chainTips(modules);
  const others = tips.filter(({ status }) => status !== 'active');
  const drawn = others.slice(0, MOST_BRANCHES);
  const blocks = [...mainBlocks(chain, drawn), ...branchBlocks(chain, drawn)];
  return {
    blocks: blocks.sort((a, b) => b.height - a.height || a.branch - b.branch),
    branches: drawn.length,
    moreBranches: others.length - drawn.length + moreTips,
    ...{ stale, best },
  };
}

/** The last blocks of the best chain, those where a branch begins, and those that won against it. */
function mainBlocks(chain: HeaderChain, branches: readonly ChainTip[]): readonly TreeBlock[] {
  const { best, bestHeight } = chain;
  const wanted = new Set<number>();
  const want = (from: number, to: number): void => {
    for (let height = Math.max(0, from); height <= Math.min(to, bestHeight); height++) wanted.add(height);
  };
  want(bestHeight - LAST_BLOCKS + 1, bestHeight);
  for (const { height, branchLength } of branches) {
    const fork = height - branchLength;
    want(fork, fork + Math.min(branchLength, MOST_RIVALS));
  }
  const heights = [...wanted].sort((a, b) => a - b);
  return heights.map((height, place): TreeBlock => {
    const index = chain.ancestor(best, height);
    const lower = heights[place - 1];
    return {
      ...blockAt(chain, index),
      ...{ branch: 0, status: 'active', isTip: index === best },
      below: lower === undefined ? null : chain.hashOf(chain.ancestor(best, lower)),
      notDrawn: lower === undefined ? 0 : height - lower - 1,
    };
  });
}

/** The last blocks of each branch. A block that several branches share belongs to the first of them. */
function branchBlocks(chain: HeaderChain, branches: readonly ChainTip[]): readonly TreeBlock[] {
  const blocks: TreeBlock[] = [];
  /** Where a branch meets a block that another one has: the next drawn block from there on down. */
  const drawnFrom = new Map<number, number>();
  for (const [number, { hash, status }] of branches.entries()) {
    const tip = chain.indexOf(hash);
    if (tip === undefined) continue;
    const path: number[] = [];
    let each = tip;
    for (; !chain.isMain(each) && !drawnFrom.has(each); each = chain.parent(each)) path.push(each);
    const foot = drawnFrom.get(each) ?? each;
    const shown = path.slice(0, MOST_OF_BRANCH);
    for (const index of shown) drawnFrom.set(index, index);
    for (const index of path.slice(MOST_OF_BRANCH)) drawnFrom.set(index, foot);
    for (const [place, index] of shown.entries()) {
      const below = shown[place + 1] ?? foot;
      blocks.push({
        ...blockAt(chain, index),
        ...{ branch: number + 1, status, isTip: index === tip, below: chain.hashOf(below) },
        notDrawn: chain.height(index) - chain.height(below) - 1,
      });
    }
  }
  return blocks;
}

function blockAt(chain: HeaderChain, index: number): Pick<TreeBlock, 'hash' | 'height' | 'time'> {
  return { hash: chain.hashOf(index), height: chain.height(index), time: chain.time(index) };
}
