import { MAX_STANDARD_WEIGHT, MIN_STRIPPED_BYTES } from './common';
import { type AppliedRule, COMPARED_POLICIES, type ComparedPolicyName } from './compared';
import type { Measures } from './measures';

/** Fees by policy in sat/kvB (DEFAULT_MIN_RELAY_TX_FEE, DefaultMinRelayTxFee). */
const MIN_FEE: Readonly<Record<ComparedPolicyName, number>> = {
  ...{ btcd: 1_000, core31: 100, core29: 1_000, knots: 1_000 },
};

const MAX_SIG_SCRIPT_BYTES = 1_650;
const MAX_BTCD_SIGOP_COST = 20_000;
const MAX_CORE_SIGOP_COST = 16_000;
const MAX_TRUC_VSIZE = 10_000;
const MAX_CORE31_DATACARRIER = 100_000;

/** 80 bytes of data, OP_RETURN and the push: MAX_OP_RETURN_RELAY. */
const MAX_DATACARRIER = 83;

/** CAT-21 marks its transactions by this lock time; Knots calls them parasites. */
const CAT21_LOCK_TIME = 21;

/** A rule of a policy. Fees are in satoshi; null if unknown. */
interface Rule {
  readonly rule: string;
  readonly unit: string;
  readonly value: (measures: Measures, fee: number | null) => number | null;
  readonly limit: (measures: Measures) => string;
  readonly outcome: (measures: Measures, fee: number | null) => AppliedRule['outcome'];
  /** Whether it is about the transaction; left out: it is about each. */
  readonly isAbout?: (measures: Measures) => boolean;
}

/** Applies every rule of every policy. @param fee in satoshi; null if unknown */
export function comparePolicies(measures: Measures, fee: number | null): readonly AppliedRule[] {
  return COMPARED_POLICIES.flatMap(({ name: policy }) =>
    RULES[policy]
      .filter(({ isAbout }) => isAbout?.(measures) !== false)
      .map(({ rule, unit, value, limit, outcome }) => ({
        ...{ policy, rule, unit, value: value(measures, fee), limit: limit(measures) },
        outcome: outcome(measures, fee),
      })),
  );
}

/**
 * The first rule of a policy that a transaction breaks; null if it breaks none that is known. It makes
 * nothing, so that each relayed transaction can be asked of (bench/policies.ts).
 * @param fee in satoshi; null if unknown
 */
export function firstBroken(
  policy: ComparedPolicyName,
  measures: Measures,
  fee: number | null,
): string | null {
  for (const { rule, outcome, isAbout } of RULES[policy])
    if (isAbout?.(measures) !== false && outcome(measures, fee) === 'broken') return rule;
  return null;
}

/** A rule that a value does not exceed a limit. */
function atMost(rule: string, most: number, unit: string, value: (measures: Measures) => number): Rule {
  return {
    ...{ rule, unit, value, limit: () => (most === 0 ? 'none' : `at most ${most}`) },
    outcome: (measures) => (value(measures) > most ? 'broken' : 'kept'),
  };
}

function versionTo(most: number): Rule {
  return {
    ...{ rule: 'version', unit: '', value: ({ version }) => version, limit: () => `1 to ${most}` },
    outcome: ({ version }) => (version < 1 || version > most ? 'broken' : 'kept'),
  };
}

const SMALL: Rule = {
  ...{ rule: 'tx-size-small', unit: 'bytes', value: ({ strippedSize }) => strippedSize },
  limit: () => `at least ${MIN_STRIPPED_BYTES}`,
  outcome: ({ strippedSize }) => (strippedSize < MIN_STRIPPED_BYTES ? 'broken' : 'kept'),
};

/** What all policies have. */
const COMMON: readonly Rule[] = [
  SMALL,
  atMost('tx-size', MAX_STANDARD_WEIGHT, 'WU', ({ weight }) => weight),
  atMost('non-final', 0, '', (measures) => Number(measures.isNonFinal)),
  atMost('scriptsig-size', MAX_SIG_SCRIPT_BYTES, 'bytes', ({ longestSigScript }) => longestSigScript),
  atMost('scriptsig-not-pushonly', 0, 'inputs', ({ notPushOnly }) => notPushOnly),
];

const CORE: readonly Rule[] = [
  atMost('scriptpubkey', 0, 'outputs', (it) => it.nonStandardOutputs + it.wrongMultisigOutputs),
  atMost('bad-txns-too-many-sigops', MAX_CORE_SIGOP_COST, 'WU', ({ sigopCost }) => sigopCost),
];

const ONE_NULLDATA: readonly Rule[] = [
  atMost('datacarrier', MAX_DATACARRIER, 'bytes', ({ longestNulldata }) => longestNulldata),
  atMost('multi-op-return', 1, 'outputs', ({ nulldataOutputs }) => nulldataOutputs),
];

/** BIP431; Knots does not apply it by default. */
const TRUC: Rule = {
  ...atMost('TRUC-violation', MAX_TRUC_VSIZE, 'vB', ({ vsize }) => vsize),
  isAbout: ({ version }) => version === 3,
};

/** btcd has no dust. */
const BTCD_DUST = atMost('dust', 0, 'outputs', ({ btcdDust }) => btcdDust);

/** Core takes one such output if the transaction pays no fee (ephemeral dust). */
const CORE_DUST: Rule = {
  ...{ rule: 'dust', unit: 'outputs', value: ({ coreDust }) => coreDust },
  limit: () => 'at most 1, and then no fee',
  outcome: ({ coreDust }, fee) => {
    if (coreDust === 0) return 'kept';
    if (coreDust > 1) return 'broken';
    return fee === null ? 'unknown' : fee === 0 ? 'kept' : 'broken';
  },
};

/** Knots takes that alone if it is an anchor of value 0. */
const KNOTS_DUST: Rule = {
  ...CORE_DUST,
  value: ({ knotsDust, coreDust }) => (knotsDust > 0 ? knotsDust : coreDust),
  limit: (measures) => (measures.knotsDust > 0 ? 'none but an anchor of value 0' : CORE_DUST.limit(measures)),
  outcome: (measures, fee) => (measures.knotsDust > 0 ? 'broken' : CORE_DUST.outcome(measures, fee)),
};

/**
 * The minimum feerate. Below it btcd still relays some transactions by their priority, and Core and Knots one
 * whose child pays for it in a package; both need more than the transaction shows.
 */
function minFee(policy: ComparedPolicyName): Rule {
  const leastOf = ({ vsize }: Measures): number => Math.ceil((MIN_FEE[policy] * vsize) / 1_000);
  return {
    ...{ rule: 'min-fee', unit: 'sat', value: (_, fee) => fee },
    limit: (measures) => `at least ${leastOf(measures)}`,
    outcome: (measures, fee) => (fee === null ? 'unknown' : fee < leastOf(measures) ? 'broken' : 'kept'),
  };
}

/** The rules of each policy, in the order in which they are told. */
const RULES: Readonly<Record<ComparedPolicyName, readonly Rule[]>> = {
  btcd: [
    versionTo(2),
    ...COMMON,
    atMost('scriptpubkey', 0, 'outputs', (it) => it.nonStandardOutputs + it.unknownWitnessOutputs),
    atMost('bare-multisig', 3, 'keys', ({ mostMultisigKeys }) => mostMultisigKeys),
    atMost('datacarrier', 0, 'outputs of another form', ({ wrongNulldataOutputs }) => wrongNulldataOutputs),
    atMost('multi-op-return', 1, 'outputs', ({ nulldataOutputs }) => nulldataOutputs),
    atMost('bad-txns-too-many-sigops', MAX_BTCD_SIGOP_COST, 'WU', ({ sigopCost }) => sigopCost),
    BTCD_DUST,
    minFee('btcd'),
  ],
  core31: [
    versionTo(3),
    ...COMMON,
    ...CORE,
    atMost('datacarrier', MAX_CORE31_DATACARRIER, 'bytes', ({ nulldataBytes }) => nulldataBytes),
    TRUC,
    CORE_DUST,
    minFee('core31'),
  ],
  core29: [versionTo(3), ...COMMON, ...CORE, ...ONE_NULLDATA, TRUC, CORE_DUST, minFee('core29')],
  knots: [
    versionTo(3),
    ...COMMON,
    ...CORE,
    ...ONE_NULLDATA,
    atMost('bare-pubkey', 0, 'outputs', ({ pubkeyOutputs }) => pubkeyOutputs),
    atMost('bare-multisig', 0, 'outputs', ({ multisigOutputs }) => multisigOutputs),
    atMost('bare-datacarrier', 0, 'outputs beside no payment', (it) =>
      it.monetaryOutputs === 0 ? it.nulldataOutputs : 0,
    ),
    atMost('parasite-cat21', 0, '', ({ lockTime }) => Number(lockTime === CAT21_LOCK_TIME)),
    KNOTS_DUST,
    minFee('knots'),
  ],
};
