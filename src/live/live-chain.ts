import type { ChainTree } from '../chain/chain-tree';
import { UNKNOWN_POOL } from '../chain/miner';
import { displayOf } from '../wire/hash';
import type { BlockNotes } from './block-notes';
import type { LiveChain } from './live';

/** The tree of the chain, with what was heard of its blocks. */
export function liveChain({ blocks, ...counts }: ChainTree, notes: BlockNotes): LiveChain {
  return {
    ...counts,
    blocks: blocks.map(({ hash, height, time, branch, status, isTip, below, notDrawn }) => {
      const note = notes.get(hash);
      const wasAnnounced = note !== undefined && note.firstFrom !== null;
      return {
        ...{ sha: displayOf(hash), height, timeMs: time * 1_000, branch, status, isTip, notDrawn },
        below: below === null ? null : displayOf(below),
        reason: note?.reason ?? null,
        pool: note?.hasCome === true ? (note.pool ?? UNKNOWN_POOL) : null,
        firstFrom: note?.firstFrom ?? null,
        peers: wasAnnounced ? note.peers : null,
        connected: wasAnnounced ? note.connected : null,
      };
    }),
  };
}
