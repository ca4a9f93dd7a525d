import { firstBroken } from './compare';
import { COMPARED_POLICIES } from './compared';
import type { Measures } from './measures';

/** What a policy does with a transaction of which it breaks no rule that is known. */
export const NO_RULE = 'none';

/**
 * What each of `COMPARED_POLICIES`, in their order, does with a transaction: the first rule that it breaks,
 * or {@link NO_RULE}.
 */
export type PolicyDifference = readonly string[];

/**
 * Where the policies differ on a transaction: at least one refuses it, and at least one knows no reason to.
 * @param fee in satoshi; null if unknown: the rules that need it are not applied
 * @returns null where all relay it, or all refuse it
 */
export function policyDifference(measures: Measures, fee: number | null): PolicyDifference | null {
  const found = COMPARED_POLICIES.map(({ name }) => firstBroken(name, measures, fee) ?? NO_RULE);
  const relaying = found.filter((rule) => rule === NO_RULE).length;
  return relaying === 0 || relaying === found.length ? null : found;
}
