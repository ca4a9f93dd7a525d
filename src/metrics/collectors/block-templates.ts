import { UNKNOWN_POOL } from '../../chain/miner';
import { auditBlock } from '../../mempool/block-audit';
import { minRelayFee } from '../../mempool/min-relay-fee';
import type { Block } from '../../wire/block';
import type { Hash } from '../../wire/hash';
import type { CollectorFactory } from '../collector';

/** Blocks whose times are remembered, for the time between a block and its parent. */
const KEPT_TIMES = 100;

/** `block_templates`: each block of the best chain, held to what the relay view would have put into it. */
export const blockTemplates: CollectorFactory = (context) => {
  const { emit, policy, unixTime, monotonicMs } = context;
  const leastRelayed = minRelayFee(policy, 1_000) / 1_000;
  /** Unix times in seconds by the hashes of the last blocks, the oldest first. */
  const times = new Map<Hash, number>();

  /** Seconds in the headers between a block and its parent; undefined where that did not come before it. */
  const sinceParent = (block: Block): number | undefined => {
    const parent = times.get(block.wirePrevHash);
    times.set(block.wireHash, block.time);
    for (const oldest of times.keys()) {
      if (times.size <= KEPT_TIMES) break;
      times.delete(oldest);
    }
    return parent === undefined ? undefined : block.time - parent;
  };

  return {
    name: 'block_templates',
    on: {
      blockExamined: ({ judged: { block, height }, numUnseen, pool, held }) => {
        if (held === undefined || height === undefined) return;
        const audit = auditBlock(held, { leastRelayed, nowMs: monotonicMs() });
        const seconds = sinceParent(block);
        emit(
          'block_templates',
          {
            height,
            share: audit.templateFees === 0 ? undefined : (audit.sharedFees / audit.templateFees) * 100,
            template_num_tx: audit.templateNumTx,
            template_fees: audit.templateFees,
            shared_num_tx: audit.sharedNumTx,
            shared_fees: audit.sharedFees,
            missing_num_tx: audit.missingNumTx,
            missing_age_p50: audit.missingAgeMs,
            prioritised_num_tx: audit.prioritisedNumTx,
            unseen_num_tx: numUnseen,
            below_min_num_tx: audit.belowMinNumTx,
            non_standard_num_tx: held.numNonStandard,
            is_empty: block.transactions.length === 1,
            since_parent: seconds === undefined ? undefined : seconds * 1_000,
            time_ahead: (block.time - unixTime()) * 1_000,
            sha: block.hash,
          },
          { pool: pool ?? UNKNOWN_POOL },
        );
      },
    },
  };
};
