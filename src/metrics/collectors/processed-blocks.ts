import { rejectCode } from '../../chain/reasons';
import type { CollectorFactory } from '../collector';

/** `processed_blocks`: each block that arrived, and its status. */
export const processedBlocks: CollectorFactory = ({ emit, unseen }) => ({
  name: 'processed_blocks',
  on: {
    processedBlock: (event) => {
      const { block, peerAddress, status, height, reason, processTimeMs, totalTxFees } = event;
      let inputs = 0;
      let outputs = 0;
      for (const transaction of block.transactions) {
        inputs += transaction.inputs.length;
        outputs += transaction.outputs.length;
      }
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
        num_inputs: inputs,
        num_outputs: outputs,
        num_unseen_tx: unseen(block),
        total_tx_fees: totalTxFees,
        unverified_inputs: event.unverifiedInputs,
        sha: block.hash,
        peer_addr: peerAddress,
      });
    },
  },
});
