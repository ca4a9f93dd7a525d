import { comparePolicies } from '../../src/policy/compare';
import { measuresOf } from '../../src/policy/measures';
import { parseTransaction } from '../../src/wire/transaction';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { coinbase, splitCoinbases } from '../support/funding';
import { hash160, push, type TransactionFields } from '../support/transaction';
import { type Payment, type Spendable, Wallet } from '../support/wallet';
import { hex, multisigScript, SCRIPTS } from '../wire/build';
import { times } from './specs';

const FEE = 2_000;
const LARGE_FEE = 200_000;
/** A key on the curve. */
const KEY = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';

/** A script that drops four pushes and succeeds, and what pays to its hash. */
const REDEEM = hex('7575757551');
const DROPPING = Buffer.concat([hex('a914'), hash160(REDEEM), hex('87')]);

/** A signature script of so many bytes that opens it. */
function openerOf(bytes: number): Buffer {
  const rest = bytes - 3 * (3 + 400) - 3 - push(REDEEM).length;
  const lengths = [400, 400, 400, rest];
  const pushes = lengths.map((length) =>
    Buffer.concat([Buffer.of(0x4d, length & 0xff, length >> 8), Buffer.alloc(length, 7)]),
  );
  return Buffer.concat([...pushes, push(REDEEM)]);
}

const to = (script: Buffer, value = 1_000): Payment => ({ type: 'nonstandard', script, value });
const data = (bytes: number): Payment => to(hex(`6a4c${bytes.toString(16)}${'00'.repeat(bytes)}`), 0);

/** A transaction by what it pays, what opens its coin, its fee, and the fields around. */
interface Spec {
  readonly payments?: readonly Payment[];
  readonly frame?: TransactionFields;
  readonly opener?: Buffer;
  /** Left out: 2,000 satoshi. */
  readonly fee?: number | ((vsize: number) => number);
  /** `anchor` is opened by nothing; a `coinbase` is worth much; `dropping` is opened by `opener`. */
  readonly from?: 'anchor' | 'coinbase' | 'dropping';
  readonly hasChange?: boolean;
}

/** Each rule of btcd, with what breaks it alone, what just does not, and btcd's own words. */
const RULES: readonly (readonly [rule: string, words: RegExp, faulty: Spec, neighbour: Spec])[] = [
  ['version', /transaction version 3/, { frame: { version: 3 } }, { frame: { version: 2 } }],
  ['version', /transaction version 0/, { frame: { version: 0 } }, { frame: { version: 1 } }],
  ['version', /transaction version -1/, { frame: { version: -1 } }, { frame: { version: 1 } }],
  [
    'tx-size',
    /weight of transaction/,
    // 43 bytes each beside 200 bytes: 399,992 and 400,164 WU, and a few for the length of the signature.
    ...(([2_325, 2_320] as const).map((count): Spec => ({
      ...{ payments: times(count, to(SCRIPTS.witness_v1_taproot)) },
      ...{ from: 'coinbase', fee: LARGE_FEE },
    })) as [Spec, Spec]),
  ],
  [
    'tx-size-small',
    /is too small/,
    { payments: [to(hex('6a02abcd'), 0)], from: 'anchor', hasChange: false },
    { payments: [to(hex('6a03abcdef'), 0)], from: 'anchor', hasChange: false },
  ],
  [
    'scriptsig-size',
    /script size is larger/,
    { opener: openerOf(1_651), from: 'dropping' },
    { opener: openerOf(1_650), from: 'dropping' },
  ],
  [
    'scriptsig-not-pushonly',
    /not push only/,
    { opener: Buffer.concat([hex('61'), openerOf(1_600)]), from: 'dropping' },
    { opener: openerOf(1_600), from: 'dropping' },
  ],
  [
    'scriptpubkey',
    /non-standard script form/,
    { payments: [to(SCRIPTS.nonstandard)] },
    { payments: [to(hex(`21${KEY}ac`))] },
  ],
  [
    'scriptpubkey',
    /non-standard script form/,
    { payments: [to(SCRIPTS.witness_unknown)] },
    { payments: [to(SCRIPTS.witness_v1_taproot)] },
  ],
  [
    'bare-multisig',
    /4 public keys/,
    { payments: [to(multisigScript(1, 4, KEY))] },
    { payments: [to(multisigScript(1, 3, KEY))] },
  ],
  ['datacarrier', /non-standard script form/, { payments: [data(81)] }, { payments: [data(80)] }],
  [
    'datacarrier',
    /non-standard script form/,
    { payments: [to(hex('6a 02abcd 02abcd'), 0)] },
    { payments: [to(hex('6a 04abcdabcd'), 0)] },
  ],
  [
    'multi-op-return',
    /more than one transaction output in a nulldata/,
    { payments: [data(76), data(80)] },
    { payments: [data(80)] },
  ],
  ...(
    [
      [SCRIPTS.pubkeyhash, 546],
      [SCRIPTS.scripthash, 540],
      [SCRIPTS.witness_v0_keyhash, 294],
      [SCRIPTS.witness_v0_scripthash, 330],
      [SCRIPTS.witness_v1_taproot, 330],
      [SCRIPTS.anchor, 240],
      [hex(`21${KEY}ac`), 576],
    ] as const
  ).map(
    ([script, least]) =>
      [
        ...(['dust', /payment is dust/] as const),
        { payments: [to(script, least - 1)] },
        { payments: [to(script, least)] },
      ] as const,
  ),
  [
    'non-final',
    /not finalized/,
    { frame: { lockTime: 100_000, sequence: 0 } },
    { frame: { lockTime: 100, sequence: 0 } },
  ],
  [
    'bad-txns-too-many-sigops',
    /sigop cost is too high/,
    {
      payments: [...times(250, to(multisigScript(1, 1, KEY))), to(SCRIPTS.pubkeyhash)],
      ...{ from: 'coinbase', fee: LARGE_FEE, hasChange: false },
    },
    {
      payments: [...times(250, to(multisigScript(1, 1, KEY))), to(SCRIPTS.scripthash)],
      ...{ from: 'coinbase', fee: LARGE_FEE, hasChange: false },
    },
  ],
  ['min-fee', /insufficient priority/, { fee: (vsize) => vsize - 1 }, { fee: (vsize) => vsize }],
];

btcd.describe('a btcd with its usual policy', (program) => {
  const cleanup = new Cleanup();
  const wallet = new Wallet();
  let node: Btcd;
  let coins: Spendable[] = [];
  let rich: Spendable[] = [];
  let anchors: Spendable[] = [];
  let dropping: Spendable[] = [];
  let height = 0;
  afterAll(() => cleanup.run());

  beforeAll(async () => {
    node = cleanup.add(await Btcd.start(program, { miningAddress: wallet.address('regtest') }), (it) =>
      it.stop(),
    );
    const mined = await node.rpc<string[]>('generate', 110);
    ({ coins } = await splitCoinbases(node, wallet, ['pubkeyhash'], 100, mined.slice(0, 1)));
    const source = await coinbase(node, mined[1] ?? '');
    const special = wallet.sign(
      [source],
      [
        ...times(2, { type: 'anchor', value: 10_000 } as const),
        ...times(4, { type: 'scripthash', script: DROPPING, value: 10_000 } as const),
      ],
    );
    await node.rpc('sendrawtransaction', special.hex);
    await node.rpc('generate', 1);
    anchors = special.outputs.slice(0, 2);
    dropping = special.outputs.slice(2);
    rich = await Promise.all(mined.slice(2, 6).map((hash) => coinbase(node, hash)));
    height = await node.rpc<number>('getblockcount');
  });

  /** Signs a transaction; the rest of its coin, if it has change, is what the fee leaves. */
  function sign(spec: Spec): { readonly hex: string; readonly fee: number } {
    const { payments = [], from, opener, frame, fee = FEE, hasChange = true } = spec;
    const pool = from === undefined ? coins : { anchor: anchors, coinbase: rich, dropping }[from];
    const coin = pool.pop();
    if (coin === undefined) throw new Error('the coins are too few');
    const paid = payments.reduce((sum, { value }) => sum + value, 0);
    const withFee = (wanted: number): { readonly hex: string; readonly fee: number } => {
      const left: Payment = { type: 'pubkeyhash', value: coin.value - paid - wanted };
      const spent = opener === undefined ? coin : { ...coin, opener };
      const { hex: raw } = wallet.sign([spent], hasChange ? [...payments, left] : payments, frame);
      return { hex: raw, fee: hasChange ? wanted : coin.value - paid };
    };
    if (typeof fee === 'number') return withFee(fee);
    // The length of the signature depends on what it signs.
    for (let i = 0; ; i++) {
      const made = withFee(fee(190 + (i % 4)));
      if (fee(vsizeOf(made.hex)) === made.fee) return made;
    }
  }

  const vsizeOf = (raw: string): number => parseTransaction(Buffer.from(raw, 'hex')).vsize;

  /** The rules of btcd that the program finds broken. */
  function broken({ hex: raw, fee }: { readonly hex: string; readonly fee: number }): readonly string[] {
    const measures = measuresOf(parseTransaction(Buffer.from(raw, 'hex')), { nextHeight: height + 1 });
    return comparePolicies(measures, fee).flatMap(({ policy, rule, outcome }) =>
      policy === 'btcd' && outcome === 'broken' ? [rule] : [],
    );
  }

  it.each(RULES)(
    'refuses what breaks %s (%s), as we do, and takes its neighbour',
    async (rule, words, ...specs) => {
      const [faulty, neighbour] = specs.map(sign);
      if (faulty === undefined || neighbour === undefined) throw new Error('two transactions are needed');
      expect(broken(faulty)).toEqual([rule]);
      await expect(node.rpc('sendrawtransaction', faulty.hex)).rejects.toThrow(words);
      expect(broken(neighbour)).toEqual([]);
      await expect(node.rpc('sendrawtransaction', neighbour.hex)).resolves.toMatch(/^[0-9a-f]{64}$/);
    },
  );
});
