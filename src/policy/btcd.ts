import type { Output } from '../wire/output';
import { byteAt, OP_1, OP_16, operationEnd, OP_PUSHDATA4, pushDataStart } from '../wire/script';
import type { Transaction } from '../wire/transaction';
import { inputReason, isNonFinal, leastSigopCost, MAX_STANDARD_WEIGHT, MIN_STRIPPED_BYTES } from './common';
import { isBtcdDust } from './dust';
import type { NonStandardReason } from './reasons';
import {
  firstReason,
  outputVerdict,
  type OutputVerdict,
  type PolicyContext,
  type Standardness,
} from './verdict';

const MAX_VERSION = 2;
const MAX_MULTISIG_KEYS = 3;

/** DefaultMinRelayTxFee in sat/kvB. */
const DEFAULT_MIN_RELAY_FEE = 1000;

/** Most bytes after OP_RETURN, all in one push (`txscript/standard.go` MaxDataCarrierSize). */
const MAX_DATACARRIER_BYTES = 80;

/** A quarter of the limit of a block (`server.go` MaxSigOpCostPerTx). */
const MAX_SIGOP_COST = 20_000;

/**
 * The relay policy of btcd v0.26 (`mempool/mempool.go` checkMempoolAcceptance, `mempool/policy.go`
 * CheckTransactionStandard), as far as it can be judged without the spent outputs. Not judged: whether the
 * inputs spend standard scripts, the signature checks in those, and fees.
 */
export function btcdStandardness(transaction: Transaction, context: PolicyContext): Standardness {
  const minRelayFee = context.minRelayFee ?? DEFAULT_MIN_RELAY_FEE;
  const inputs = transaction.inputs.map(inputReason);
  const outputs = transaction.outputs.map((output): OutputVerdict => {
    const isDust = isBtcdDust(output, minRelayFee);
    // By btcd's definition nulldata is dust, but it passes nevertheless.
    const dustReason = isDust && output.type !== 'nulldata' ? 'dust' : undefined;
    return outputVerdict(scriptFault(output) ?? dustReason, isDust);
  });

  const reason =
    shapeReason(transaction, context) ??
    inputs.find((fault) => fault !== undefined) ??
    firstReason(outputs) ??
    lateReason(transaction);
  return { reason, inputs, outputs };
}

function shapeReason(transaction: Transaction, context: PolicyContext): NonStandardReason | undefined {
  if (transaction.strippedSize < MIN_STRIPPED_BYTES) return 'tx-size-small';
  if (transaction.version < 1 || transaction.version > MAX_VERSION) return 'version';
  if (isNonFinal(transaction, context)) return 'non-final';
  return transaction.weight > MAX_STANDARD_WEIGHT ? 'tx-size' : undefined;
}

function lateReason(transaction: Transaction): NonStandardReason | undefined {
  const nulldata = transaction.outputs.filter((output) => output.type === 'nulldata').length;
  if (nulldata > 1) return 'multi-op-return';
  return leastSigopCost(transaction) > MAX_SIGOP_COST ? 'bad-txns-too-many-sigops' : undefined;
}

function scriptFault(output: Output): NonStandardReason | undefined {
  switch (output.type) {
    case 'nulldata':
      return isBtcdNulldata(output) ? undefined : 'datacarrier';
    case 'multisig':
      return (output.multisig?.keys ?? 0) > MAX_MULTISIG_KEYS ? 'bare-multisig' : undefined;
    case 'nonstandard':
    case 'witness_unknown':
      return 'scriptpubkey';
    default:
      return undefined;
  }
}

/**
 * Whether OP_RETURN is followed by nothing, or by one push of at most 80 bytes (`txscript/standard.go`
 * isNullDataScript).
 */
export function isBtcdNulldata({ bytes, scriptStart, scriptEnd }: Output): boolean {
  const start = scriptStart + 1;
  if (start === scriptEnd) return true;
  if (operationEnd(bytes, start, scriptEnd) !== scriptEnd) return false;
  const opcode = byteAt(bytes, start);
  if (opcode > OP_PUSHDATA4) return opcode >= OP_1 && opcode <= OP_16;
  return scriptEnd - pushDataStart(opcode, start) <= MAX_DATACARRIER_BYTES;
}
