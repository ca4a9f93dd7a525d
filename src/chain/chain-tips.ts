import type { Hash } from '../wire/hash';
import type { HeaderChain } from './header-chain';

/** How far below the best header tips are told and stale blocks counted: two weeks of mainnet. */
const TIP_WINDOW = 2_016;

/** The most tips that are told at a time: test networks can have thousands. */
const MOST_TIPS = 100;

/**
 * What is known of a branch, by the names of Bitcoin Core's getchaintips:
 * `active` - it is the best chain of headers;
 * `valid-fork` - all its blocks have arrived and are valid;
 * `headers-only` - some have not arrived;
 * `invalid` - one of them is invalid.
 */
export type TipStatus = 'active' | 'valid-fork' | 'headers-only' | 'invalid';

/** The end of a branch. */
export interface ChainTip {
  readonly hash: Hash;
  readonly height: number;
  /** Blocks since the branch left the best chain; 0 for that one. */
  readonly branchLength: number;
  readonly status: TipStatus;
}

/** The tips, and how many blocks were stale. */
export interface ChainTips {
  /** That of the best chain, then the others, the highest first. */
  readonly tips: readonly ChainTip[];
  /** Further tips, which are not listed. */
  readonly moreTips: number;
  /** Blocks of branches that are not invalid, within the window; each counts once. */
  readonly stale: number;
  /** Blocks of the best chain within the window. */
  readonly best: number;
}

export interface ChainTipsModules {
  readonly chain: HeaderChain;
  /** Whether the valid block of a header has arrived. */
  readonly hasBlock: (index: number) => boolean;
}

/** What lies between a header and the best chain. */
interface Branch {
  /** Height of the last block that both share. */
  readonly forkHeight: number;
  /** Whether all blocks from there to the header have arrived. */
  readonly isWhole: boolean;
}

/** The tips within the window, of the headers that arrived. It walks along each branch once. */
export function chainTips(modules: ChainTipsModules): ChainTips {
  const { chain } = modules;
  const { best, bestHeight } = chain;
  const lowest = Math.max(0, bestHeight - TIP_WINDOW);
  const all = chain.tips
    .filter((index) => index !== best && chain.height(index) > lowest)
    .sort((a, b) => chain.height(b) - chain.height(a) || a - b);
  const others = all.slice(0, MOST_TIPS);
  const walked = new Map<number, Branch>();
  const tips = others.map((tip): ChainTip => {
    const { forkHeight, isWhole } = branchTo(tip, walked, modules);
    return {
      hash: chain.hashOf(tip),
      height: chain.height(tip),
      branchLength: chain.height(tip) - forkHeight,
      status: chain.isInvalid(tip) ? 'invalid' : isWhole ? 'valid-fork' : 'headers-only',
    };
  });
  const isStale = (index: number): boolean => !chain.isInvalid(index) && chain.height(index) > lowest;
  return {
    tips: [{ hash: chain.hashOf(best), height: bestHeight, branchLength: 0, status: 'active' }, ...tips],
    moreTips: all.length - others.length,
    stale: [...walked.keys()].filter(isStale).length,
    best: bestHeight - lowest,
  };
}

/** The branch that ends with a header. Each header of it is added to `walked`. */
function branchTo(tip: number, walked: Map<number, Branch>, { chain, hasBlock }: ChainTipsModules): Branch {
  const path: number[] = [];
  let each = tip;
  for (; !chain.isMain(each) && !walked.has(each); each = chain.parent(each)) path.push(each);
  let branch = walked.get(each) ?? { forkHeight: chain.height(each), isWhole: true };
  for (const index of path.reverse()) {
    branch = { ...branch, isWhole: branch.isWhole && hasBlock(index) };
    walked.set(index, branch);
  }
  return branch;
}
