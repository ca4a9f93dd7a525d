import type { BlockChecks } from '../p2p/compact/block-checks';
import type { HeaderChain } from './header-chain';
import { checkIntact } from './validate-block';

/** Core serves no compact block that is deeper (`src/net_processing.cpp` MAX_CMPCTBLOCK_DEPTH). */
const RECENT_DEPTH = 5;

/** What the checks work with. */
export interface BlockChecksModules {
  readonly chain: HeaderChain;
  /** Takes each header that came to the chain, 80 bytes. */
  readonly headerAdded: (bytes: Buffer) => void;
}

/** The chain's word on the headers and blocks that peers send as compact ones. */
export function blockChecks({ chain, headerAdded }: BlockChecksModules): BlockChecks {
  return {
    judgeHeader: ({ bytes, start }) => {
      const verdict = chain.add(bytes, start);
      if (verdict.status === 'rejected') return verdict.reason === 'time-too-new' ? 'early' : 'invalid';
      if (verdict.status === 'orphan') return 'orphan';
      if (verdict.status === 'accepted') headerAdded(bytes.subarray(start));
      return chain.height(verdict.index) >= chain.bestHeight - RECENT_DEPTH ? 'recent' : 'old';
    },
    isIntact: (block) => {
      const index = chain.indexOf(block.hash);
      if (index === undefined) return false;
      return checkIntact(block, { params: chain.params, height: chain.height(index) }) === undefined;
    },
  };
}
