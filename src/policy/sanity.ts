import type { Transaction } from '../wire/transaction';

/**
 * Why a transaction can be in no block, whatever the chain: Bitcoin Core's names
 * (`src/consensus/tx_check.cpp`).
 */
export const SANITY_REASONS = [
  'bad-txns-vin-empty',
  'bad-txns-vout-empty',
  'bad-txns-oversize',
  'bad-txns-vout-negative',
  'bad-txns-vout-toolarge',
  'bad-txns-txouttotal-toolarge',
  'bad-txns-inputs-duplicate',
  'bad-cb-length',
  'bad-txns-prevout-null',
] as const;

export type SanityReason = (typeof SANITY_REASONS)[number];

/** The maximum supply, in satoshi. */
export const MAX_MONEY = 21_000_000 * 100_000_000;

/** A block's weight limit, which a transaction must meet without its witness. */
const MAX_STRIPPED_BYTES = 1_000_000;

/**
 * The first rule that the transaction breaks of those that need no context, in Core's order
 * (CheckTransaction).
 */
export function checkSanity(transaction: Transaction): SanityReason | undefined {
  const { inputs, outputs } = transaction;
  if (inputs.length === 0) return 'bad-txns-vin-empty';
  if (outputs.length === 0) return 'bad-txns-vout-empty';
  if (transaction.strippedSize > MAX_STRIPPED_BYTES) return 'bad-txns-oversize';

  let total = 0;
  for (const { value } of outputs) {
    if (value < 0) return 'bad-txns-vout-negative';
    if (value > MAX_MONEY) return 'bad-txns-vout-toolarge';
    total += value;
    if (total > MAX_MONEY) return 'bad-txns-txouttotal-toolarge';
  }

  if (hasDuplicateInputs(transaction)) return 'bad-txns-inputs-duplicate';
  if (transaction.isCoinbase) {
    const length = inputs[0]?.sigScriptLength ?? 0;
    return length < 2 || length > 100 ? 'bad-cb-length' : undefined;
  }
  return inputs.some((input) => input.isNull) ? 'bad-txns-prevout-null' : undefined;
}

/** So many inputs are compared with each other; that takes less time than a set of them. */
const FEW_INPUTS = 6;

function hasDuplicateInputs({ inputs }: Transaction): boolean {
  if (inputs.length > FEW_INPUTS)
    return new Set(inputs.map((input) => input.outpointKey)).size !== inputs.length;
  return inputs.some((input, i) => inputs.some((other, k) => k < i && input.spendsSameAs(other)));
}
