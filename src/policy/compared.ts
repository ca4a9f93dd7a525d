/** A relay policy with the defaults of a program. */
export interface ComparedPolicy {
  readonly name: string;
  /** The program and the version whose source says so. */
  readonly program: string;
}

/**
 * The policies that are compared. The rules are those of IsStandardTx and PreChecks of each, as far as they
 * need no spent outputs.
 */
export const COMPARED_POLICIES = [
  { name: 'btcd', program: 'btcd 0.26' },
  { name: 'core31', program: 'Bitcoin Core 31' },
  { name: 'core29', program: 'Bitcoin Core 29.0' },
  { name: 'knots', program: 'Bitcoin Knots 29.3' },
] as const satisfies readonly ComparedPolicy[];

export type ComparedPolicyName = (typeof COMPARED_POLICIES)[number]['name'];

/** What a rule says of a transaction: it is kept, broken, or not known to be either. */
type RuleOutcome = 'kept' | 'broken' | 'unknown';

/** A rule of a policy, applied to a transaction. */
export interface AppliedRule {
  readonly policy: ComparedPolicyName;
  /** By Core's and Knots' names of the reasons; `min-fee` for the minimum feerate. */
  readonly rule: string;
  /** What the transaction has, null where that is not known, and what the policy allows. */
  readonly value: number | null;
  readonly limit: string;
  readonly unit: string;
  readonly outcome: RuleOutcome;
}
