import { comparePolicies } from '../../src/policy/compare';
import { COMPARED_POLICIES, type ComparedPolicyName } from '../../src/policy/compared';
import { policyDifference } from '../../src/policy/difference';
import { measuresOf } from '../../src/policy/measures';
import { standardness } from '../../src/policy/standardness';
import type { PolicyContext } from '../../src/policy/verdict';
import { parseTransaction } from '../../src/wire/transaction';
import { buildTransaction, hex, multisigScript, SCRIPTS, type TransactionSpec } from '../wire/build';
import { nulldata, outputs, sigScript, times } from './specs';

const ALL = COMPARED_POLICIES.map(({ name }) => name);
const CORES = ['core31', 'core29'] as const;

/** Which rules each policy finds broken, without the minimum feerate. */
function broken(
  spec: TransactionSpec,
  { fee = null, ...context }: Omit<PolicyContext, 'fee'> & { fee?: number | null } = {},
): Readonly<Record<string, readonly string[]>> {
  const rules = comparePolicies(measuresOf(parseTransaction(buildTransaction(spec)), context), fee);
  const of = (name: ComparedPolicyName): readonly string[] =>
    rules.flatMap(({ policy, rule, outcome }) =>
      policy === name && outcome === 'broken' && rule !== 'min-fee' ? [rule] : [],
    );
  return Object.fromEntries(ALL.map((name) => [name, of(name)]));
}

const data80 = hex(`6a4c50 ${'00'.repeat(80)}`);
const data81 = hex(`6a4c51 ${'00'.repeat(81)}`);
const pay = SCRIPTS.witness_v1_taproot;
const badKey = `05${'11'.repeat(32)}`;
const dust = { value: 329, script: pay };
const enough = { value: 330, script: pay };
const anchor = (value: number) => ({ value, script: SCRIPTS.anchor });
const witness = (bytes: number): TransactionSpec => ({ inputs: [{ witness: [Buffer.alloc(bytes)] }] });

type Case = readonly [
  rule: string,
  by: readonly ComparedPolicyName[],
  faulty: TransactionSpec,
  neighbour: TransactionSpec,
  context?: Omit<PolicyContext, 'fee'> & { readonly fee?: number },
];

/** Each rule: which policies have it, a transaction that breaks it, and one that just does not. */
const CASES: readonly Case[] = [
  ['version', ALL, { version: 0 }, { version: 1 }],
  ['version', ['btcd'], { version: 3 }, { version: 2 }],
  ['version', ALL, { version: 4 }, { version: 2 }],
  ['tx-size', ALL, witness(399_653), witness(399_652)],
  ['tx-size-small', ALL, outputs(hex('5120abcd')), outputs(SCRIPTS.witness_v0_keyhash)],
  ['scriptsig-size', ALL, sigScript(Buffer.alloc(1651, 0x51)), sigScript(Buffer.alloc(1650, 0x51))],
  ['scriptsig-not-pushonly', ALL, sigScript(hex('5176')), sigScript(hex('5150'))],
  ['scriptpubkey', ALL, outputs(SCRIPTS.nonstandard), outputs(pay)],
  ['scriptpubkey', ['btcd'], outputs(SCRIPTS.witness_unknown), outputs(pay)],
  ['scriptpubkey', CORES, outputs(multisigScript(1, 1, badKey)), outputs(multisigScript(1, 1))],
  ['bare-multisig', ['btcd'], outputs(multisigScript(1, 4)), outputs(multisigScript(1, 3))],
  ['bare-multisig', ['knots'], outputs(multisigScript(1, 1)), outputs(SCRIPTS.scripthash)],
  ['bare-pubkey', ['knots'], outputs(SCRIPTS.pubkey), outputs(SCRIPTS.pubkeyhash)],
  ['datacarrier', ['btcd', 'core29', 'knots'], outputs(data81, pay), outputs(data80, pay)],
  ['datacarrier', ['btcd'], outputs(hex('6a 02abcd 02abcd'), pay), outputs(hex('6a 04abcdabcd'), pay)],
  ['multi-op-return', ['btcd', 'core29', 'knots'], outputs(data80, data80, pay), outputs(data80, pay)],
  ['bare-datacarrier', ['knots'], outputs(data80), outputs(data80, pay)],
  ['dust', ['btcd', 'knots'], { outputs: [dust] }, { outputs: [enough] }, { fee: 0 }],
  ['dust', ALL, { outputs: [dust] }, { outputs: [enough] }, { fee: 1 }],
  ['dust', ALL, { outputs: [dust, dust] }, { outputs: [enough, enough] }, { fee: 0 }],
  ['dust', ['btcd'], { outputs: [enough, anchor(0)] }, { outputs: [enough, anchor(240)] }, { fee: 0 }],
  ['dust', ['knots'], { outputs: [enough, anchor(239)] }, { outputs: [enough, anchor(240)] }, { fee: 0 }],
  ...(['non-final'] as const).map((rule): Case => [
    ...([rule, ALL, { lockTime: 100, inputs: [{ sequence: 0 }] }] as const),
    ...([{ lockTime: 99, inputs: [{ sequence: 0 }] }, { nextHeight: 100 }] as const),
  ]),
  ['parasite-cat21', ['knots'], { lockTime: 21 }, { lockTime: 22 }],
  [
    'bad-txns-too-many-sigops',
    [...CORES, 'knots'],
    outputs(...times(201, multisigScript(1, 1))),
    outputs(...times(200, multisigScript(1, 1))),
  ],
  [
    'bad-txns-too-many-sigops',
    ['btcd'],
    outputs(...times(250, multisigScript(1, 1)), SCRIPTS.pubkeyhash),
    outputs(...times(250, multisigScript(1, 1)), SCRIPTS.scripthash),
  ],
  [
    'TRUC-violation',
    CORES,
    { version: 3, ...outputs(...times(245, SCRIPTS.witness_v0_scripthash)) },
    { version: 3, ...outputs(...times(230, SCRIPTS.witness_v0_scripthash)) },
  ],
];

it.each(CASES.map((row) => [`${row[0]} of ${row[1].join(', ')}`, row] as const))(
  'finds broken: %s',
  (_, [rule, policies, faulty, neighbour, context]) => {
    const [found, beside] = [broken(faulty, context), broken(neighbour, context)];
    for (const policy of policies) {
      expect([policy, found[policy]]).toEqual([policy, expect.arrayContaining([rule])]);
      expect([policy, beside[policy]]).toEqual([policy, expect.not.arrayContaining([rule])]);
    }
  },
);

it('has a case for each rule of each policy', () => {
  // Version 3: a rule about its size is one more.
  const measures = measuresOf(parseTransaction(buildTransaction({ version: 3 })), {});
  const rules = comparePolicies(measures, null).map(({ policy, rule }) => `${policy}: ${rule}`);
  const cases = CASES.flatMap(([rule, policies]) => policies.map((policy) => `${policy}: ${rule}`));
  // The test of the allowance of Core 31, and that of the minimum feerate.
  const others = ['core31: datacarrier', ...ALL.map((name) => `${name}: min-fee`)];
  expect([...new Set([...cases, ...others])].sort()).toEqual([...new Set(rules)].sort());
});

it('lets the policies that lack a rule relay what breaks it for others', () => {
  const without = (rule: string): readonly string[] => {
    const [, by, faulty, , context] = CASES.find(([name]) => name === rule) ?? [];
    const found = broken(faulty ?? {}, context);
    return ALL.filter((name) => by?.includes(name) !== true && found[name]?.includes(rule) === true);
  };
  for (const rule of [
    'bare-pubkey',
    'bare-datacarrier',
    'parasite-cat21',
    'TRUC-violation',
    'multi-op-return',
  ])
    expect([rule, without(rule)]).toEqual([rule, []]);
});

it('takes Core 31’s allowance for nulldata as one of 100,000 bytes for all outputs', () => {
  const of = (last: number): Readonly<Record<string, readonly string[]>> =>
    broken(outputs(nulldata(50_000 - 4), nulldata(49_000 - 4), nulldata(last - 4)));
  expect(of(1_000)['core31']).not.toContain('datacarrier');
  expect(of(1_001)['core31']).toContain('datacarrier');
});

it('holds the minimum feerate to that of each policy, and says where the fee is not known', () => {
  const measures = measuresOf(parseTransaction(buildTransaction()), {});
  const outcomes = (fee: number | null): Readonly<Record<string, string>> =>
    Object.fromEntries(
      comparePolicies(measures, fee).flatMap(({ policy, rule, outcome }) =>
        rule === 'min-fee' ? [[policy, outcome]] : [],
      ),
    );
  const { vsize } = measures;
  const least = Math.ceil(vsize / 10);
  expect(outcomes(null)).toEqual({ btcd: 'unknown', core31: 'unknown', core29: 'unknown', knots: 'unknown' });
  expect(outcomes(least - 1)).toEqual({
    btcd: 'broken',
    core31: 'broken',
    core29: 'broken',
    knots: 'broken',
  });
  expect(outcomes(least)).toEqual({ btcd: 'broken', core31: 'kept', core29: 'broken', knots: 'broken' });
  expect(outcomes(vsize)).toEqual({ btcd: 'kept', core31: 'kept', core29: 'kept', knots: 'kept' });
});

it('tells how the policies differ: the first rule that each finds broken', () => {
  const fees = [null, 0, 1, 10, 61, 94, 1_000_000];
  let [differ, alike] = [0, 0];
  for (const [, , faulty, neighbour, context = {}] of CASES)
    for (const spec of [faulty, neighbour])
      for (const fee of fees) {
        const measures = measuresOf(parseTransaction(buildTransaction(spec)), context);
        const rules = comparePolicies(measures, fee).filter(({ outcome }) => outcome === 'broken');
        const firsts = ALL.map((name) => rules.find(({ policy }) => policy === name)?.rule ?? 'none');
        const doDiffer = firsts.includes('none') && firsts.some((rule) => rule !== 'none');
        expect({ spec, fee, differ: policyDifference(measures, fee) }).toEqual({
          ...{ spec, fee, differ: doDiffer ? firsts : null },
        });
        if (doDiffer) differ += 1;
        else alike += 1;
      }
  expect(Math.min(differ, alike)).toBeGreaterThan(50);
});

it('comes to the verdicts of the policies that judge each transaction', () => {
  let refused = 0;
  for (const [, , faulty, neighbour, context = {}] of CASES)
    for (const spec of [faulty, neighbour]) {
      const transaction = parseTransaction(buildTransaction(spec));
      const found = broken(spec, context);
      for (const [policy, name] of [
        ['btcd', 'btcd'],
        ['core', 'core31'],
      ] as const) {
        const { reason } = standardness(policy, transaction, context);
        expect({ spec, name, isRefused: (found[name] ?? []).length > 0 }).toEqual({
          ...{ spec, name, isRefused: reason !== undefined },
        });
        if (reason === undefined) continue;
        refused += 1;
        expect(found[name]).toContain(reason);
      }
    }
  expect(refused).toBeGreaterThan(20);
});
