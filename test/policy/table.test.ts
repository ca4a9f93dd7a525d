import { readFileSync } from 'node:fs';
import { comparePolicies } from '../../src/policy/compare';
import { measuresOf } from '../../src/policy/measures';
import { standardness } from '../../src/policy/standardness';
import { minRelayFee } from '../../src/mempool/min-relay-fee';
import { parseTransaction } from '../../src/wire/transaction';
import { sharedProtocol } from '../support/data';
import { buildTransaction, hex, multisigScript, SCRIPTS, type TransactionSpec } from '../wire/build';
import { nulldata, outputs, sigScript, times } from './specs';

/** A transaction that a policy refuses by a rule, and one that just keeps it. */
interface Pair {
  readonly what: string;
  readonly rule: string;
  readonly faulty: TransactionSpec;
  readonly neighbour: TransactionSpec;
  readonly nextHeight?: number;
  /** Their fees in satoshi; left out: not known. */
  readonly fees?: readonly [faulty: number, neighbour: number];
}

/** The pairs of a row, or why a transaction alone can't show it. */
type Row = readonly Pair[] | string;

const pay = SCRIPTS.witness_v1_taproot;
const dustAt = (script: Buffer, value: number): TransactionSpec => ({ outputs: times(2, { script, value }) });
const dustLimit = (what: keyof typeof SCRIPTS, least: number): Pair => ({
  ...{
    what,
    rule: 'dust',
    faulty: dustAt(SCRIPTS[what], least - 1),
    neighbour: dustAt(SCRIPTS[what], least),
  },
});
const withWitness = (bytes: number): TransactionSpec => ({ inputs: [{ witness: [Buffer.alloc(bytes)] }] });
const { vsize } = parseTransaction(buildTransaction());
const badKey = `05${'11'.repeat(32)}`;

const minFee = (what: string, least: number): Pair => ({
  ...{ what, rule: 'min-fee', faulty: {}, neighbour: {}, fees: [least - 1, least] },
});

const DUST_LIMITS: readonly Pair[] = [
  dustLimit('pubkey', 576),
  dustLimit('pubkeyhash', 546),
  dustLimit('scripthash', 540),
  dustLimit('witness_v0_keyhash', 294),
  dustLimit('witness_v0_scripthash', 330),
  dustLimit('witness_v1_taproot', 330),
  dustLimit('anchor', 240),
];

const SIZES: readonly Pair[] = [
  {
    ...{ what: '400,001 WU', rule: 'tx-size' },
    ...{ faulty: withWitness(399_653), neighbour: withWitness(399_652) },
  },
  {
    ...{ what: '64 bytes', rule: 'tx-size-small' },
    ...{ faulty: outputs(hex('6a02abcd')), neighbour: outputs(hex('6a03abcdef')) },
  },
  {
    ...{ what: '1,651 bytes', rule: 'scriptsig-size' },
    faulty: sigScript(Buffer.alloc(1_651, 0x51)),
    neighbour: sigScript(Buffer.alloc(1_650, 0x51)),
  },
];

const PUSH_ONLY: Pair = {
  ...{ what: 'OP_DUP', rule: 'scriptsig-not-pushonly' },
  ...{ faulty: sigScript(hex('5176')), neighbour: sigScript(hex('5150')) },
};

const FINALITY: Pair = {
  ...{ what: 'the next height', rule: 'non-final', nextHeight: 100 },
  faulty: { lockTime: 100, inputs: [{ sequence: 0 }] },
  neighbour: { lockTime: 99, inputs: [{ sequence: 0 }] },
};

const OF_SEVERAL = {
  replacement: 'it is about two transactions; test/mempool has it',
  mempool: 'it is about all that wait',
};

/** Core 31. */
const CORE: Readonly<Record<string, Row>> = {
  'minimum relay fee': [minFee('100 sat/kvB', Math.ceil(vsize / 10))],
  dust: [{ ...dustLimit('pubkeyhash', (3_000 * (8 + 1 + 25 + 148)) / 1_000), what: '3000 sat/kvB' }],
  'dust limits at defaults, satoshi': DUST_LIMITS,
  'unspendable output': [
    {
      ...{ what: 'worth nothing', rule: 'dust', faulty: dustAt(pay, 0) },
      neighbour: { outputs: [...times(2, { script: SCRIPTS.nulldata, value: 0 }), { script: pay }] },
    },
  ],
  'ephemeral dust': [
    {
      ...{ what: 'a fee', rule: 'dust', fees: [1_000, 0] },
      ...{ faulty: { outputs: [{ value: 1 }] }, neighbour: { outputs: [{ value: 1 }] } },
    },
    {
      ...{ what: 'a second one', rule: 'dust', fees: [0, 0] },
      ...{ faulty: { outputs: [{ value: 1 }, { value: 1 }] }, neighbour: { outputs: [{ value: 1 }, {}] } },
    },
  ],
  nulldata: [
    {
      ...{ what: '100,001 bytes of scripts', rule: 'datacarrier' },
      // The transaction is too large as well, which is told first.
      faulty: outputs(nulldata(60_000 - 4), nulldata(40_001 - 4)),
      neighbour: outputs(nulldata(60_000 - 4), nulldata(39_900 - 4)),
    },
  ],
  'transaction version': [
    { what: '0', rule: 'version', faulty: { version: 0 }, neighbour: { version: 1 } },
    { what: '4', rule: 'version', faulty: { version: 4 }, neighbour: { version: 3 } },
  ],
  'weight, minimum size, scriptSig': SIZES,
  scriptSig: [PUSH_ONLY],
  'legacy sigops': 'they are those of spent scripts, as a signature script that only pushes has none',
  'bare multisig': [
    {
      ...{ what: '4 keys', rule: 'scriptpubkey' },
      ...{ faulty: outputs(multisigScript(1, 4)), neighbour: outputs(multisigScript(1, 3)) },
    },
    {
      ...{ what: 'no key', rule: 'scriptpubkey' },
      ...{ faulty: outputs(multisigScript(1, 1, badKey)), neighbour: outputs(multisigScript(1, 1)) },
    },
  ],
  finality: [FINALITY],
  ...OF_SEVERAL,
};

/** btcd 0.26. A real one judges most of these in real-btcd.test.ts. */
const BTCD: Readonly<Record<string, Row>> = {
  'minimum relay fee': [minFee('1000 sat/kvB', vsize)],
  dust: [{ ...dustLimit('pubkeyhash', 3 * (8 + 1 + 25 + 148)), what: 'three times the minimum relay fee' }],
  'dust limits at defaults, satoshi': DUST_LIMITS,
  'unspendable output': [
    {
      ...{ what: 'worth nothing', rule: 'dust', faulty: dustAt(pay, 0) },
      neighbour: { outputs: [{ script: SCRIPTS.nulldata, value: 0 }, { script: pay }] },
    },
  ],
  'ephemeral dust': [
    {
      ...{ what: 'without a fee', rule: 'dust', fees: [0, 1_000] },
      ...{ faulty: { outputs: [{ value: 1 }] }, neighbour: { outputs: [{ value: 1_000 }] } },
    },
  ],
  nulldata: [
    {
      ...{ what: '81 bytes of data', rule: 'datacarrier' },
      ...{ faulty: outputs(hex(`6a4c51${'00'.repeat(81)}`), pay) },
      ...{ neighbour: outputs(hex(`6a4c50${'00'.repeat(80)}`), pay) },
    },
    {
      ...{ what: 'two', rule: 'multi-op-return' },
      ...{ faulty: outputs(nulldata(80), nulldata(80), pay), neighbour: outputs(nulldata(80), pay) },
    },
  ],
  'transaction version': [
    { what: '0', rule: 'version', faulty: { version: 0 }, neighbour: { version: 1 } },
    { what: '3', rule: 'version', faulty: { version: 3 }, neighbour: { version: 2 } },
  ],
  'weight, minimum size, scriptSig': SIZES,
  scriptSig: [PUSH_ONLY],
  'legacy sigops': 'btcd has no such rule',
  'bare multisig': [
    {
      ...{ what: '4 keys', rule: 'bare-multisig' },
      ...{ faulty: outputs(multisigScript(1, 4)), neighbour: outputs(multisigScript(1, 3)) },
    },
  ],
  finality: [FINALITY],
  ...OF_SEVERAL,
};

/** The rows of the table "Relay policy", by their first cells, as each of its columns has them. */
const COLUMNS = [
  { column: 'core', compared: 'core31', rows: CORE },
  { column: 'btcd', compared: 'btcd', rows: BTCD },
] as const;

type Column = (typeof COLUMNS)[number];

const PAIRS = COLUMNS.flatMap((column) =>
  Object.entries(column.rows).flatMap(([row, pairs]) =>
    typeof pairs === 'string'
      ? []
      : pairs.map((pair) => [column.column, row, pair.what, column, pair] as const),
  ),
);

/** The rules that a policy finds broken, by the comparison of policies and by the judge of transactions. */
function broken(
  { column, compared }: Column,
  spec: TransactionSpec,
  fee: number | undefined,
  nextHeight: number | undefined,
): {
  readonly compared: readonly string[];
  readonly judged: string | undefined;
} {
  const transaction = parseTransaction(buildTransaction(spec));
  const rules = comparePolicies(measuresOf(transaction, { nextHeight }), fee ?? null);
  return {
    compared: rules.flatMap(({ policy, rule, outcome }) =>
      policy === compared && outcome === 'broken' ? [rule] : [],
    ),
    judged: standardness(column, transaction, { nextHeight, fee }).reason,
  };
}

describe('the table of the relay policies', () => {
  it.each(PAIRS)('%s, %s: %s', (_, row, what, column, pair) => {
    const { rule, faulty, neighbour, fees = [], nextHeight } = pair;
    const [found, beside] = [
      broken(column, faulty, fees[0], nextHeight),
      broken(column, neighbour, fees[1], nextHeight),
    ];
    expect([row, found.compared]).toEqual([row, expect.arrayContaining([rule])]);
    // A fee of nothing, which ephemeral dust needs, is below the minimum unless a child pays.
    expect(beside.compared.filter((name) => rule !== 'dust' || name !== 'min-fee')).toEqual([]);
    expect(beside.judged).toBeUndefined();
    if (rule === 'min-fee')
      expect(fees).toEqual([minRelayFee(column.column, vsize) - 1, minRelayFee(column.column, vsize)]);
    else expect(found.judged).toBe(what.startsWith('100,001') ? 'tx-size' : rule);
  });
});

sharedProtocol.describe('the table of the relay policies', (file) => {
  it.each(COLUMNS)('has no row without a case for $column, and no case is of another row', ({ rows }) => {
    const [, section = ''] = readFileSync(file, 'utf8').split('## Relay policy\n');
    const names = section
      .split('\n\n')[0]
      ?.split('\n')
      .slice(2)
      .flatMap((line) => line.split('|')[1]?.trim() ?? []);
    expect(names).toEqual(Object.keys(rows));
  });
});
