import { NON_STANDARD_REASONS, type NonStandardReason } from '../../src/policy/reasons';
import { POLICY_NAMES, type PolicyName, standardness } from '../../src/policy/standardness';
import type { PolicyContext, Standardness } from '../../src/policy/verdict';
import { parseTransaction } from '../../src/wire/transaction';
import {
  buildTransaction,
  hex,
  type InputSpec,
  multisigScript,
  SCRIPTS,
  type TransactionSpec,
} from '../wire/build';
import { nulldata, outputs, sigScript, times } from './specs';

function judge(policy: PolicyName, spec: TransactionSpec, context: PolicyContext = {}): Standardness {
  return standardness(policy, parseTransaction(buildTransaction(spec)), context);
}

const push80 = hex(`6a4c50 ${'00'.repeat(80)}`);
const push81 = hex(`6a4c51 ${'00'.repeat(81)}`);
const badKey = `05${'11'.repeat(32)}`;
const dust = { value: 545 };
const locked = (lockTime: number, sequence = 0): TransactionSpec => ({ lockTime, inputs: [{ sequence }] });

/** Inputs whose signature scripts have `bytes` in total, each short enough; an empty one takes 41 bytes. */
function inputsOf(bytes: number): InputSpec[] {
  const full = 41 + 2 + 1600;
  const count = Math.floor(bytes / full);
  const rest = bytes - count * full - 41;
  const pushes = (length: number): InputSpec => ({ sigScript: Buffer.alloc(length, 0x51) });
  return [...times(count, pushes(1600)), pushes(rest > 252 ? rest - 2 : rest)];
}

// Version, counts of one and three bytes, one output of 34 bytes, lock time.
const AROUND = 4 + 1 + 1 + 34 + 4;

type Case = readonly [
  NonStandardReason,
  string,
  PolicyName | 'both',
  TransactionSpec,
  TransactionSpec,
  PolicyContext?,
];

/** Each reason: a transaction with exactly that fault, and a similar one without it. */
const CASES: readonly Case[] = [
  ['version', 'version 0', 'both', { version: 0 }, { version: 1 }],
  ['version', 'version -1', 'both', { version: -1 }, { version: 1 }],
  ['version', 'version 3', 'btcd', { version: 3 }, { version: 2 }],
  ['version', 'version 4', 'core', { version: 4 }, { version: 3 }],
  [
    'tx-size',
    '400,004 WU',
    'both',
    { inputs: inputsOf(100_001 - AROUND) },
    { inputs: inputsOf(100_000 - AROUND) },
  ],
  [
    'tx-size',
    '400,001 WU by witness',
    'both',
    { inputs: [{ witness: [Buffer.alloc(399_653)] }] },
    { inputs: [{ witness: [Buffer.alloc(399_652)] }] },
  ],
  ['tx-size-small', '64 bytes', 'both', outputs(hex('6a02abcd')), outputs(hex('6a03abcdef'))],
  [
    'scriptsig-size',
    '1,651 bytes',
    'both',
    sigScript(Buffer.alloc(1651, 0x51)),
    sigScript(Buffer.alloc(1650, 0x51)),
  ],
  ['scriptsig-not-pushonly', 'OP_DUP', 'both', sigScript(hex('5176')), sigScript(hex('5150'))],
  ['scriptsig-not-pushonly', 'a push cut off', 'both', sigScript(hex('03abcd')), sigScript(hex('02abcd'))],
  ['scriptpubkey', 'no known form', 'both', outputs(SCRIPTS.nonstandard), outputs(SCRIPTS.pubkey)],
  ['scriptpubkey', 'version 0 with 19 bytes', 'both', outputs(hex(`0013${'00'.repeat(19)}`)), {}],
  [
    'scriptpubkey',
    'a future program',
    'btcd',
    outputs(SCRIPTS.witness_unknown),
    outputs(SCRIPTS.witness_v1_taproot),
  ],
  ['scriptpubkey', '1 of 4', 'core', outputs(multisigScript(1, 4)), outputs(multisigScript(1, 3))],
  [
    'scriptpubkey',
    'a key that is none',
    'core',
    outputs(multisigScript(1, 1, badKey)),
    outputs(multisigScript(1, 1)),
  ],
  ['bare-multisig', '1 of 4', 'btcd', outputs(multisigScript(1, 4)), outputs(multisigScript(3, 3))],
  [
    'bare-multisig',
    '1 of 4, none a key',
    'btcd',
    outputs(multisigScript(1, 4, badKey)),
    outputs(multisigScript(1, 3, badKey)),
  ],
  ['datacarrier', '81 bytes of data', 'btcd', outputs(push81), outputs(push80)],
  ['datacarrier', 'two pushes', 'btcd', outputs(hex('6a 02abcd 02abcd')), outputs(hex('6a 04abcdabcd'))],
  [
    'datacarrier',
    'OP_1NEGATE behind',
    'btcd',
    outputs(hex('6a4f'), SCRIPTS.pubkey),
    outputs(hex('6a60'), SCRIPTS.pubkey),
  ],
  [
    'multi-op-return',
    'two nulldata outputs',
    'btcd',
    outputs(SCRIPTS.nulldata, SCRIPTS.nulldata),
    outputs(SCRIPTS.nulldata, SCRIPTS.pubkey),
  ],
  ['dust', '545 satoshi', 'btcd', { outputs: [dust] }, { outputs: [{ value: 546 }] }],
  ['dust', 'two dust outputs', 'core', { outputs: [dust, dust] }, { outputs: [dust, { value: 546 }] }],
  ['dust', 'a dust output and a fee', 'core', { outputs: [dust] }, { outputs: [{ value: 546 }] }, { fee: 1 }],
  [
    'dust',
    'by a higher relay fee',
    'btcd',
    { outputs: [{ value: 1091 }] },
    { outputs: [{ value: 1092 }] },
    { minRelayFee: 2000 },
  ],
  ['non-final', 'the next height', 'both', locked(100), locked(99), { nextHeight: 100 }],
  [
    'non-final',
    'any later height',
    'both',
    locked(499_999_999),
    locked(499_999_999, 0xffff_ffff),
    { nextHeight: 100 },
  ],
  [
    'non-final',
    'the median time',
    'both',
    locked(500_000_100),
    locked(500_000_099),
    { medianTime: 500_000_100 },
  ],
  [
    'bad-txns-too-many-sigops',
    '16,080 units of cost',
    'core',
    outputs(...times(201, multisigScript(1, 1))),
    outputs(...times(200, multisigScript(1, 1))),
  ],
  [
    'bad-txns-too-many-sigops',
    '20,004 units of cost',
    'btcd',
    outputs(...times(250, multisigScript(1, 1)), SCRIPTS.pubkeyhash),
    outputs(...times(250, multisigScript(1, 1)), SCRIPTS.scripthash),
  ],
  [
    'TRUC-violation',
    '10,001 vB',
    'core',
    { version: 3, inputs: inputsOf(10_001 - AROUND) },
    { version: 3, inputs: inputsOf(10_000 - AROUND) },
  ],
];

// Nulldata that shares Core's allowance of 100,000 bytes needs a transaction close to the maximum size.
const FULL_ALLOWANCE = outputs(nulldata(60_000 - 4), nulldata(39_900 - 4)).outputs ?? [];

describe('standardness', () => {
  it.each(CASES.map((row) => [`${row[0]}: ${row[1]} (${row[2]})`, row] as const))(
    '%s',
    (_, [reason, , policies, faulty, standard, context]) => {
      const judges: readonly PolicyName[] = policies === 'both' ? POLICY_NAMES : [policies];
      for (const policy of judges) {
        expect(judge(policy, faulty, context).reason).toBe(reason);
        expect(judge(policy, standard, context).reason).toBeUndefined();
      }
    },
  );

  it('has a case for each reason', () => {
    expect(new Set(CASES.map(([reason]) => reason))).toEqual(new Set(NON_STANDARD_REASONS));
  });

  it('accepts outputs of all the types that a policy knows', () => {
    const known = Object.entries(SCRIPTS).filter(([type]) => type !== 'nonstandard');
    expect(judge('core', outputs(...known.map(([, script]) => script))).reason).toBeUndefined();
    const toBtcd = known.filter(([type]) => type !== 'witness_unknown').map(([, script]) => script);
    expect(judge('btcd', outputs(...toBtcd)).reason).toBeUndefined();
  });

  it('allows any number of nulldata outputs under Core’s policy within the allowance, which they share', () => {
    expect(judge('core', outputs(...times(50, push81))).reason).toBeUndefined();
    const over = judge('core', {
      outputs: [...FULL_ALLOWANCE, { script: nulldata(101 - 4) }, { script: push80 }],
    });
    // Also larger than 400,000 WU, which is checked first; the outputs still have their own faults.
    expect(over.reason).toBe('tx-size');
    expect(over.outputs.map(({ reason }) => reason)).toEqual([
      undefined,
      undefined,
      'datacarrier',
      undefined,
    ]);
  });
});

describe('faults of inputs and outputs', () => {
  it('are reported for each one separately', () => {
    const {
      reason,
      inputs,
      outputs: verdicts,
    } = judge('btcd', {
      inputs: [{}, { sigScript: hex('76') }, { sigScript: Buffer.alloc(1651, 0x76) }],
      outputs: [dust, { script: SCRIPTS.nonstandard, value: 1 }, {}, { script: SCRIPTS.nulldata, value: 0 }],
    });
    expect(reason).toBe('scriptsig-not-pushonly');
    expect(inputs).toEqual([undefined, 'scriptsig-not-pushonly', 'scriptsig-size']);
    expect(verdicts).toEqual([
      { reason: 'dust', isDust: true },
      { reason: 'scriptpubkey', isDust: true },
      { reason: undefined, isDust: false },
      { reason: undefined, isDust: true },
    ]);
  });

  it('include all dust outputs when Core does not accept dust', () => {
    const one = { outputs: [dust, {}] };
    expect(judge('core', one).outputs).toEqual([
      { reason: undefined, isDust: true },
      { reason: undefined, isDust: false },
    ]);
    expect(judge('core', one, { fee: 0 }).reason).toBeUndefined();
    expect(judge('core', one, { fee: 1 }).outputs[0]).toEqual({ reason: 'dust', isDust: true });
    const two = judge('core', { outputs: [dust, {}, dust] }, { fee: 0 });
    expect(two.outputs.map((verdict) => verdict.reason)).toEqual(['dust', undefined, 'dust']);
  });
});

describe('the first reason', () => {
  const everything: TransactionSpec = {
    version: 9,
    lockTime: 100,
    inputs: [{ sigScript: hex('76'), sequence: 0 }],
    outputs: [{ script: hex(''), value: 0 }],
  };
  const context = { nextHeight: 1, medianTime: 1 };

  it('follows the reference implementation’s order', () => {
    expect(judge('core', everything, context).reason).toBe('version');
    expect(judge('core', { ...everything, version: 2 }, context).reason).toBe('scriptsig-not-pushonly');
    const noOutputFault = { ...everything, version: 2, inputs: [{ sequence: 0 }] };
    expect(judge('core', noOutputFault, context).reason).toBe('scriptpubkey');
    expect(judge('core', { ...noOutputFault, outputs: [{ script: hex('6a') }] }, context).reason).toBe(
      'tx-size-small',
    );

    expect(judge('btcd', everything, context).reason).toBe('tx-size-small');
    const large = { ...everything, outputs: [{ script: Buffer.alloc(20), value: 0 }] };
    expect(judge('btcd', large, context).reason).toBe('version');
    expect(judge('btcd', { ...large, version: 2 }, context).reason).toBe('non-final');
  });

  it('is that of the first faulty output in btcd, script or dust', () => {
    const nonstandard = { script: SCRIPTS.nonstandard };
    expect(judge('btcd', { outputs: [dust, nonstandard] }).reason).toBe('dust');
    expect(judge('btcd', { outputs: [nonstandard, dust] }).reason).toBe('scriptpubkey');
    expect(judge('core', { outputs: [dust, dust, nonstandard] }).reason).toBe('scriptpubkey');
  });
});

describe('finality', () => {
  it('is judged only if the context is known', () => {
    for (const policy of POLICY_NAMES) {
      expect(judge(policy, locked(100)).reason).toBeUndefined();
      expect(judge(policy, locked(100), { medianTime: 1 }).reason).toBeUndefined();
      expect(judge(policy, locked(500_000_000), { nextHeight: 1 }).reason).toBeUndefined();
      expect(judge(policy, locked(0), { nextHeight: 1 }).reason).toBeUndefined();
    }
  });
});
