import type { Transaction } from '../wire/transaction';
import type { CoinCache } from './coin-cache';

/** The known input and output values of a transaction, in satoshi. */
export interface Amounts {
  /** Value of each input; undefined if unknown. */
  readonly values: readonly (number | undefined)[];
  /** The sum of the known input values minus the sum of the outputs. */
  readonly balance: number;
  readonly unknownInputs: number;
  /** Undefined if it is unknown. */
  readonly fee: number | undefined;
}

/** Computes the bill of a transaction from the remembered output values. */
export function amountsOf({ inputs, outputs }: Transaction, coins: CoinCache): Amounts {
  const values = inputs.map(({ bytes, start, prevIndex }) => coins.value(bytes, start, prevIndex));
  let unknownInputs = 0;
  let balance = 0;
  for (const value of values) {
    if (value === undefined) unknownInputs += 1;
    else balance += value;
  }
  for (const { value } of outputs) balance -= value;
  return { values, balance, unknownInputs, fee: feeOf(balance, unknownInputs) };
}

/**
 * The fee for a balance; undefined if inputs are unknown. If the outputs exceed the inputs, the transaction
 * is invalid and has no fee.
 */
export function feeOf(balance: number, unknownInputs: number): number | undefined {
  return unknownInputs === 0 && balance >= 0 && Number.isSafeInteger(balance) ? balance : undefined;
}
