import type { Transaction } from '../wire/transaction';
import { btcdStandardness } from './btcd';
import { coreStandardness } from './core';
import type { PolicyContext, Standardness } from './verdict';

const JUDGES = { btcd: btcdStandardness, core: coreStandardness } as const;

/** Whose relay policy to judge by. */
export type PolicyName = keyof typeof JUDGES;

/** The policies there are. */
export const POLICY_NAMES = Object.keys(JUDGES) as readonly PolicyName[];

/**
 * Judges a transaction that is no coinbase by a relay policy. Rules that need what is not known are not judged; each
 * policy's file says which.
 */
export function standardness(
  policy: PolicyName,
  transaction: Transaction,
  context: PolicyContext = {},
): Standardness {
  return JUDGES[policy](transaction, context);
}
