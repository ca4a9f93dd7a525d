import type { Transaction } from '../wire/transaction';
import { btcdStandardness } from './btcd';
import { coreStandardness } from './core';
import type { PolicyContext, Standardness } from './verdict';

const JUDGES = { btcd: btcdStandardness, core: coreStandardness } as const;

export type PolicyName = keyof typeof JUDGES;

export const POLICY_NAMES = Object.keys(JUDGES) as readonly PolicyName[];

/**
 * Judges a transaction that is no coinbase by a relay policy. Rules that need unknown context are not judged;
 * each policy's file lists them.
 */
export function standardness(
  policy: PolicyName,
  transaction: Transaction,
  context: PolicyContext = {},
): Standardness {
  return JUDGES[policy](transaction, context);
}
