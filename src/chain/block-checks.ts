import type { BlockChecks } from '../p2p/compact/block-checks';
import type { HeaderChain } from './header-chain';
import { checkIntact } from './validate-block';

/** Core serves no compact block deeper than this (`src/net_processing.cpp` MAX_CMPCTBLOCK_DEPTH). */
const RECENT_DEPTH = 5;

export interface BlockChecksModules {
  readonly chain: HeaderChain;
  /** Receives each header that the chain accepted, 80 bytes. */
  readonly headerAdded: (bytes: Buffer) => void;
}

/** Checks the headers of compact blocks, and the blocks rebuilt from them, against the chain. */
export function blockChecks({ chain, headerAdded }: BlockChecksModules): BlockChecks {
  return {
    judgeHeader: ({ bytes, start }) => {
      const verdict = chain.add(bytes, start);
      if (verdict.status === 'rejected') return verdict.reason === 'time-too-new' ? 'early' : 'invalid';
      if (verdict.status === 'orphan') return 'orphan';
      if (verdict.status === 'accepted') headerAdded(bytes.subarray(start));
      return chain.height(verdict.index) >= chain.bestHeight - RECENT_DEPTH ? 'recent' : 'old';
    },
    isRecent: ({ bytes, start }) => {
      const height = chain.heightIfValid(bytes, start);
      return height !== undefined && height >= chain.bestHeight - RECENT_DEPTH;
    },
    isIntact: (block) => {
      const index = chain.indexOf(block.wireHash);
      if (index === undefined) return false;
      return checkIntact(block, { params: chain.params, height: chain.height(index) }) === undefined;
    },
  };
}
