import type { Transaction } from '../wire/transaction';
import type { CoinCache } from './coin-cache';

/** What is known of a transaction's inputs and outputs, in satoshi. */
export interface Amounts {
  /** Value of each input where it is known. */
  readonly values: readonly (number | undefined)[];
  /** The known values less those of the outputs. */
  readonly balance: number;
  readonly unknownInputs: number;
  /** Where it is known. */
  readonly fee: number | undefined;
}

/** Draws up the bill of a transaction from the values that are remembered. */
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

/** The fee that a balance amounts to. Outputs of more than the inputs make a transaction invalid, and no fee. */
export function feeOf(balance: number, unknownInputs: number): number | undefined {
  return unknownInputs === 0 && balance >= 0 && Number.isSafeInteger(balance) ? balance : undefined;
}
