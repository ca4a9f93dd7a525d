import { isJudged } from '../../chain/chain-events';
import { difficultyOf } from '../../chain/compact-target';
import { UNKNOWN_POOL } from '../../chain/miner';
import { rejectCode } from '../../chain/reasons';
import { versionSignals } from '../../chain/version-bits';
import type { Block } from '../../wire/block';
import { coinbaseText } from '../bounded-labels';
import type { CollectorFactory } from '../collector';
import type { FieldsOf } from '../schema';

/** `processed_blocks`: each block that arrived, and its status. */
export const processedBlocks: CollectorFactory = ({ emit }) => ({
  name: 'processed_blocks',
  on: {
    blockExamined: ({ judged, numInputs, numOutputs, numUnseen, pool }) => {
      const { block, peerAddress, status, height, reason, processTimeMs, totalTxFees } = judged;
      emit('processed_blocks', {
        height,
        process_time: processTimeMs,
        status,
        is_orphan: status === 'orphan',
        reject_code: reason === undefined ? undefined : rejectCode(reason),
        reject_reason: reason,
        size: block.size,
        weight: block.weight,
        num_tx: block.transactions.length,
        num_inputs: numInputs,
        num_outputs: numOutputs,
        num_unseen_tx: numUnseen,
        sigops: block.sigopCost,
        difficulty: difficultyOf(block.bits),
        ...versionFields(block.version),
        coinbase_text: textOf(block),
        pool: isJudged(status) ? (pool ?? UNKNOWN_POOL) : undefined,
        total_tx_fees: totalTxFees,
        unverified_inputs: judged.unverifiedInputs,
        sha: block.hash,
        peer_addr: peerAddress,
      });
    },
  },
});

/** What a block says by its version. */
function versionFields(version: number): FieldsOf<'processed_blocks'> {
  const signals = versionSignals(version);
  if (signals === undefined) return { version };
  const { bits, isRolled } = signals;
  return {
    version,
    is_version_rolled: isRolled,
    version_bits: bits.length === 0 ? undefined : bits.join(','),
  };
}

function textOf({ coinbaseScript }: Block): string | undefined {
  const text = coinbaseScript === undefined ? '' : coinbaseText(coinbaseScript);
  return text === '' ? undefined : text;
}
