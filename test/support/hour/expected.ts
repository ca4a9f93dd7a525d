import type { PolicyName } from '../../../src/policy/standardness';
import { display, sha256d } from '../../chain/mine';
import { serialize, FINAL_SEQUENCE, compactSize } from '../transaction';
import type { Row } from '../stored';
import type { Signed } from '../wallet';
import type { Relayed, Verdict } from './record';

/** The rows that a relayed transaction must have in the store. */
export interface TransactionRows {
  readonly tx: Row;
  readonly inputs: readonly Row[];
  readonly outputs: readonly Row[];
  /** Undefined where its fee cannot be known. */
  readonly fees: Row | undefined;
}

/** Derives the rows of a transaction from how the script made it. */
export function transactionRows(relayed: Relayed, policy: PolicyName): TransactionRows {
  const { transaction, verdicts, fee } = relayed;
  const verdict = verdicts[policy];
  const { size, weight, vsize } = sizesOf(transaction);
  const { version = 2, sequence = FINAL_SEQUENCE } = transaction.frame;
  const least = minimumFee(policy, vsize);
  return {
    tx: {
      sha: transaction.txid,
      version_num: version,
      tx_size: size,
      num_inputs: transaction.inputs.length,
      num_outputs: transaction.outputs.length,
      weight,
      vsize,
      num_op_return_outs: transaction.outputs.filter(({ type }) => type === 'nulldata').length,
      is_standard: verdict.reason === undefined,
      non_standard_reason: verdict.reason ?? null,
    },
    inputs: transaction.signed.map(({ scriptSig, witness }, i) => ({
      sig_script_len: scriptSig.length,
      witness_size: witnessSize(transaction, witness),
      sequence_num: sequence,
      is_standard: verdict.inputs?.[i] === undefined,
      non_standard_reason: verdict.inputs?.[i] ?? null,
    })),
    outputs: transaction.outputs.map((output, i) => ({
      script_type: output.type,
      num_pubkeys: output.type === 'multisig' ? (output.script.at(-2) ?? 0) - 0x50 : null,
      num_keys: output.type === 'multisig' ? (output.script[0] ?? 0) - 0x50 : null,
      size: output.script.length,
      value: output.value,
      is_standard: verdict.outputs?.[i] === undefined,
      is_dust: isDust(verdict, policy, output.type, i),
    })),
    fees:
      fee === undefined
        ? undefined
        : { tx_fee: fee, tx_size: size, min_fee: least, fee_ratio: fee / least, fee_rate: fee / vsize },
  };
}

/** The wtxid as people write it. */
export function wtxidOf({ hex }: Signed): string {
  return display(sha256d(Buffer.from(hex, 'hex')));
}

/** btcd 0.26 demands 1 sat/vB, Core 31 a tenth of it, rounded up. */
function minimumFee(policy: PolicyName, vsize: number): number {
  return policy === 'btcd' ? vsize : Math.ceil(vsize / 10);
}

function isDust({ dust = [] }: Verdict, policy: PolicyName, type: string, index: number): boolean {
  return dust.includes(index) || (policy === 'btcd' && type === 'nulldata');
}

function sizesOf({ hex, signed, outputs, frame }: Signed): { size: number; weight: number; vsize: number } {
  const size = hex.length / 2;
  const weight = size + 3 * serialize(signed, outputs, frame, false).length;
  return { size, weight, vsize: Math.ceil(weight / 4) };
}

/**
 * The size of a witness (BIP144): the count, and each item with its length; 0 where no input of the
 * transaction has a witness.
 */
function witnessSize({ signed }: Signed, witness: readonly Buffer[]): number {
  if (signed.every((input) => input.witness.length === 0)) return 0;
  const items = witness.map((item) => compactSize(item.length).length + item.length);
  return items.reduce((sum, length) => sum + length, compactSize(witness.length).length);
}
