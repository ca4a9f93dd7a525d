import { standardness } from '../../policy/standardness';
import type { CollectorFactory } from '../collector';

/** `tx`, `tx_inputs`, `tx_outputs`: each relayed transaction, once. */
export const tx: CollectorFactory = ({ emit, policy, judged }) => {
  let nextHeight: number | undefined;
  let medianTime: number | undefined;
  /** The last fee that the relay view emitted. The fee of a transaction is emitted before the transaction. */
  let known: { readonly txid: string; readonly fee: number } | undefined;
  return {
    name: 'tx',
    on: {
      newBest: (best) => {
        nextHeight = best.height + 1;
        medianTime = best.medianTime;
      },
      feeKnown: (told) => (known = told),
      transaction: ({ transaction, first }) => {
        if (!first) return;
        const fee = known?.txid === transaction.txid ? known.fee : undefined;
        const { inputs, outputs } = transaction;
        const verdict = standardness(policy, transaction, { nextHeight, medianTime, fee });
        emit('tx', {
          version_num: transaction.version,
          tx_size: transaction.size,
          num_inputs: inputs.length,
          num_outputs: outputs.length,
          weight: transaction.weight,
          vsize: transaction.vsize,
          num_op_return_outs: outputs.filter(({ type }) => type === 'nulldata').length,
          is_standard: verdict.reason === undefined,
          non_standard_reason: verdict.reason,
          sha: transaction.txid,
        });
        inputs.forEach((input, i) => {
          const reason = verdict.inputs[i];
          emit('tx_inputs', {
            sig_script_len: input.sigScriptLength,
            witness_size: input.witnessSize,
            sequence_num: input.sequence,
            is_standard: reason === undefined,
            non_standard_reason: reason,
          });
        });
        outputs.forEach((output, i) => {
          const { reason, isDust } = verdict.outputs[i] ?? {};
          emit(
            'tx_outputs',
            {
              num_pubkeys: output.multisig?.keys,
              num_keys: output.multisig?.required,
              size: output.scriptLength,
              value: output.value,
              is_standard: reason === undefined,
              is_dust: isDust,
            },
            { script_type: output.type },
          );
        });
        judged?.({ transaction, verdict, fee });
      },
    },
  };
};
