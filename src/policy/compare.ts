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

/** A value that must not exceed a limit. */
interface Most {
  readonly value: number;
  readonly most: number;
  readonly unit: string;
}

/** Values and limits of a policy by rule; rules that a policy lacks are left out. */
type Limits = Readonly<Record<string, Most>>;

/** Applies every rule of every policy. @param fee in satoshi; null if unknown */
export function comparePolicies(measures: Measures, fee: number | null): readonly AppliedRule[] {
  return COMPARED_POLICIES.flatMap(({ name: policy }): readonly AppliedRule[] => [
    versionRule(policy, measures),
    {
      ...{ policy, rule: 'tx-size-small', value: measures.strippedSize, unit: 'bytes' },
      ...{ limit: `at least ${MIN_STRIPPED_BYTES}` },
      outcome: measures.strippedSize < MIN_STRIPPED_BYTES ? 'broken' : 'kept',
    },
    ...Object.entries({ ...commonLimits(measures), ...LIMITS[policy](measures) }).map(
      ([rule, { value, most, unit }]): AppliedRule => ({
        ...{ policy, rule, value, unit, limit: most === 0 ? 'none' : `at most ${most}` },
        outcome: value > most ? 'broken' : 'kept',
      }),
    ),
    ...dustRules(policy, measures, fee),
    feeRule(policy, measures, fee),
  ]);
}

function versionRule(policy: ComparedPolicyName, { version }: Measures): AppliedRule {
  const most = policy === 'btcd' ? 2 : 3;
  return {
    ...{ policy, rule: 'version', value: version, unit: '', limit: `1 to ${most}` },
    outcome: version < 1 || version > most ? 'broken' : 'kept',
  };
}

function commonLimits(measures: Measures): Limits {
  return {
    'tx-size': { value: measures.weight, most: MAX_STANDARD_WEIGHT, unit: 'WU' },
    'non-final': { value: Number(measures.isNonFinal), most: 0, unit: '' },
    'scriptsig-size': { value: measures.longestSigScript, most: MAX_SIG_SCRIPT_BYTES, unit: 'bytes' },
    'scriptsig-not-pushonly': { value: measures.notPushOnly, most: 0, unit: 'inputs' },
  };
}

/** What each policy has besides. */
const LIMITS: Readonly<Record<ComparedPolicyName, (measures: Measures) => Limits>> = {
  btcd: (measures) => ({
    scriptpubkey: {
      value: measures.nonStandardOutputs + measures.unknownWitnessOutputs,
      ...{ most: 0, unit: 'outputs' },
    },
    'bare-multisig': { value: measures.mostMultisigKeys, most: 3, unit: 'keys' },
    datacarrier: { value: measures.wrongNulldataOutputs, most: 0, unit: 'outputs of another form' },
    'multi-op-return': { value: measures.nulldataOutputs, most: 1, unit: 'outputs' },
    'bad-txns-too-many-sigops': { value: measures.sigopCost, most: MAX_BTCD_SIGOP_COST, unit: 'WU' },
  }),
  core31: (measures) => ({
    ...ofCore(measures),
    datacarrier: { value: measures.nulldataBytes, most: MAX_CORE31_DATACARRIER, unit: 'bytes' },
    ...trucOf(measures),
  }),
  core29: (measures) => ({ ...ofCore(measures), ...oneNulldata(measures), ...trucOf(measures) }),
  knots: (measures) => ({
    ...ofCore(measures),
    ...oneNulldata(measures),
    'bare-pubkey': { value: measures.pubkeyOutputs, most: 0, unit: 'outputs' },
    'bare-multisig': { value: measures.multisigOutputs, most: 0, unit: 'outputs' },
    'bare-datacarrier': {
      value: measures.monetaryOutputs === 0 ? measures.nulldataOutputs : 0,
      ...{ most: 0, unit: 'outputs beside no payment' },
    },
    'parasite-cat21': { value: Number(measures.lockTime === CAT21_LOCK_TIME), most: 0, unit: '' },
  }),
};

function ofCore(measures: Measures): Limits {
  return {
    scriptpubkey: {
      value: measures.nonStandardOutputs + measures.wrongMultisigOutputs,
      ...{ most: 0, unit: 'outputs' },
    },
    'bad-txns-too-many-sigops': { value: measures.sigopCost, most: MAX_CORE_SIGOP_COST, unit: 'WU' },
  };
}

function oneNulldata(measures: Measures): Limits {
  return {
    datacarrier: { value: measures.longestNulldata, most: MAX_DATACARRIER, unit: 'bytes' },
    'multi-op-return': { value: measures.nulldataOutputs, most: 1, unit: 'outputs' },
  };
}

/** BIP431; Knots does not apply it by default. */
function trucOf({ version, vsize }: Measures): Limits {
  return version === 3 ? { 'TRUC-violation': { value: vsize, most: MAX_TRUC_VSIZE, unit: 'vB' } } : {};
}

/**
 * Dust. btcd has none. Core takes one such output if the transaction pays no fee (ephemeral dust), Knots that
 * alone if it is an anchor of value 0.
 */
function dustRules(
  policy: ComparedPolicyName,
  measures: Measures,
  fee: number | null,
): readonly AppliedRule[] {
  const rule = { policy, rule: 'dust', unit: 'outputs' };
  if (policy === 'btcd') {
    const { btcdDust: value } = measures;
    return [{ ...rule, value, limit: 'none', outcome: value > 0 ? 'broken' : 'kept' }];
  }
  if (policy === 'knots' && measures.knotsDust > 0)
    return [
      { ...rule, value: measures.knotsDust, limit: 'none but an anchor of value 0', outcome: 'broken' },
    ];
  const { coreDust: value } = measures;
  const limit = 'at most 1, and then no fee';
  if (value === 0) return [{ ...rule, value, limit, outcome: 'kept' }];
  if (value > 1) return [{ ...rule, value, limit, outcome: 'broken' }];
  return [{ ...rule, value, limit, outcome: fee === null ? 'unknown' : fee === 0 ? 'kept' : 'broken' }];
}

/**
 * The minimum feerate. Below it btcd still relays some transactions by their priority, and Core and Knots one
 * whose child pays for it in a package; both need more than the transaction shows.
 */
function feeRule(policy: ComparedPolicyName, { vsize }: Measures, fee: number | null): AppliedRule {
  const least = Math.ceil((MIN_FEE[policy] * vsize) / 1_000);
  return {
    ...{ policy, rule: 'min-fee', value: fee, unit: 'sat', limit: `at least ${least}` },
    outcome: fee === null ? 'unknown' : fee < least ? 'broken' : 'kept',
  };
}
