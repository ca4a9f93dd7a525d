import type { Output } from '../wire/output';
import type { Transaction } from '../wire/transaction';
import { inputReason, isNonFinal, leastSigopCost, MAX_STANDARD_WEIGHT, MIN_STRIPPED_BYTES } from './common';
import { isCoreDust } from './dust';
import type { NonStandardReason } from './reasons';
import {
  firstReason,
  outputVerdict,
  type OutputVerdict,
  type PolicyContext,
  type Standardness,
} from './verdict';

const MAX_VERSION = 3;
const MAX_MULTISIG_KEYS = 3;

/** Most bytes of nulldata scripts in a transaction (MAX_OP_RETURN_RELAY). */
const MAX_DATACARRIER_BYTES = 100_000;

/** Most dust outputs of a transaction without fee (MAX_DUST_OUTPUTS_PER_TX). */
const MAX_EPHEMERAL_DUST = 1;

/** MAX_STANDARD_TX_SIGOPS_COST: a fifth of the limit of a block. */
const MAX_SIGOP_COST = 16_000;

/** Most vB of a transaction of version 3 (BIP431). */
const MAX_TRUC_VSIZE = 10_000;

/**
 * The relay policy of Bitcoin Core 31 (`src/policy/policy.cpp` IsStandardTx; `src/validation.cpp` PreChecks),
 * as far as it can be judged without the spent outputs.
 *
 * Not judged, because that needs the spent outputs: whether the inputs spend standard scripts and stay below
 * BIP54's 2,500 legacy signature checks (a push-only signature script contains none), the limits on
 * witnesses, and fees.
 *
 * Ephemeral dust: Core accepts one dust output if the fee is zero. If the fee is unknown, only IsStandardTx
 * decides, and accepts it: what could be refused then is the fee, not the form of the transaction. `isDust`
 * shows it.
 */
export function coreStandardness(transaction: Transaction, context: PolicyContext): Standardness {
  const inputs = transaction.inputs.map(inputReason);
  const outputs = judgeOutputs(transaction.outputs);
  const dustCount = outputs.reduce((count, { isDust }) => (isDust ? count + 1 : count), 0);
  const tooMuchDust = dustCount > MAX_EPHEMERAL_DUST;
  const paidDust = dustCount > 0 && context.fee !== undefined && context.fee !== 0;

  const reason =
    shapeReason(transaction) ??
    inputs.find((fault) => fault !== undefined) ??
    firstReason(outputs) ??
    (tooMuchDust ? 'dust' : undefined) ??
    lateReason(transaction, context, paidDust);
  return { reason, inputs, outputs: tooMuchDust || paidDust ? outputs.map(blameDust) : outputs };
}

/**
 * The verdicts on the scripts of outputs. Nulldata outputs share one allowance, in the order of the outputs.
 */
function judgeOutputs(outputs: readonly Output[]): OutputVerdict[] {
  let datacarrierLeft = MAX_DATACARRIER_BYTES;
  return outputs.map((output) => {
    const reason = scriptFault(output, datacarrierLeft);
    if (output.type === 'nulldata' && reason === undefined) datacarrierLeft -= output.scriptLength;
    return outputVerdict(reason, isCoreDust(output));
  });
}

function scriptFault(output: Output, datacarrierLeft: number): NonStandardReason | undefined {
  switch (output.type) {
    case 'nonstandard':
      return 'scriptpubkey';
    case 'multisig':
      return isCoreMultisig(output) ? undefined : 'scriptpubkey';
    case 'nulldata':
      return output.scriptLength > datacarrierLeft ? 'datacarrier' : undefined;
    default:
      return undefined;
  }
}

/** Whether Core relays a bare multisig: one of at most 3 valid keys. */
export function isCoreMultisig({ multisig }: Output): boolean {
  return multisig !== undefined && multisig.keysAreValid && multisig.keys <= MAX_MULTISIG_KEYS;
}

function blameDust(verdict: OutputVerdict): OutputVerdict {
  return verdict.isDust ? outputVerdict(verdict.reason ?? 'dust', true) : verdict;
}

function shapeReason({ version, weight }: Transaction): NonStandardReason | undefined {
  if (version < 1 || version > MAX_VERSION) return 'version';
  return weight > MAX_STANDARD_WEIGHT ? 'tx-size' : undefined;
}

/** The rules that Core checks after IsStandardTx. */
function lateReason(
  transaction: Transaction,
  context: PolicyContext,
  paidDust: boolean,
): NonStandardReason | undefined {
  if (transaction.strippedSize < MIN_STRIPPED_BYTES) return 'tx-size-small';
  if (isNonFinal(transaction, context)) return 'non-final';
  if (paidDust) return 'dust';
  if (leastSigopCost(transaction) > MAX_SIGOP_COST) return 'bad-txns-too-many-sigops';
  return transaction.version === 3 && transaction.vsize > MAX_TRUC_VSIZE ? 'TRUC-violation' : undefined;
}
