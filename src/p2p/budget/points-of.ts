import type { Transaction } from '../../wire/transaction';

/**
 * The approximate number of points of a transaction: one for itself, its fee, its propagation and each input
 * and output.
 */
export function pointsOf({ inputs, outputs }: Transaction): number {
  return 3 + inputs.length + outputs.length;
}
