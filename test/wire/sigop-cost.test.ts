import { inputSigopCosts, sigopCost } from '../../src/wire/sigop-cost';
import { parseTransaction } from '../../src/wire/transaction';
import { splitCoinbases, coinbase, COIN_VALUE } from '../support/funding';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { SPENDABLE_TYPES, Wallet } from '../support/wallet';
import { buildTransaction, hex, type InputSpec } from './build';

const KEY = '02' + '11'.repeat(32);
const LONG_KEY = '04' + '11'.repeat(64);
const SIGNATURE = '3045' + '00'.repeat(69) + '01';
const HASH20 = '22'.repeat(20);
const HASH32 = '33'.repeat(32);
/** 2 of 3, and OP_CHECKSIG twice with OP_CHECKMULTISIG that has no number before it. */
const MULTISIG = `52${`21${KEY}`.repeat(3)}53ae`;
const MANY = 'acacae';
const CONTROL = 'c0' + HASH32;

const push = (data: string): string => {
  const bytes = data.length / 2;
  const length = bytes.toString(16).padStart(2, '0');
  return (bytes < 76 ? length : `4c${length}`) + data;
};
const items = (...all: readonly string[]): readonly Buffer[] => all.map(hex);

/** What an input reveals, and what its signature operations cost (BIP141). */
const FORMS: readonly (readonly [what: string, cost: number, input: InputSpec])[] = [
  ['nothing', 0, {}],
  ['a signature: pubkey', 0, { sigScript: hex(push(SIGNATURE)) }],
  ['signatures: bare multisig', 0, { sigScript: hex('00' + push(SIGNATURE) + push(SIGNATURE)) }],
  ['signature and key: pubkeyhash', 0, { sigScript: hex(push(SIGNATURE) + push(KEY)) }],
  ['signature and long key: pubkeyhash', 0, { sigScript: hex(push(SIGNATURE) + push(LONG_KEY)) }],
  ['a multisig of 3: scripthash', 12, { sigScript: hex('00' + push(SIGNATURE) + push(MULTISIG)) }],
  ['a script with 22: scripthash', 88, { sigScript: hex(push(MANY)) }],
  ['OP_16 and a multisig: scripthash', 64, { sigScript: hex(push('60ae')) }],
  ['a number at the end', 0, { sigScript: hex(push(MANY) + '51') }],
  ['an operation that does not push', 0, { sigScript: hex(push(MANY) + 'ac') }],
  ['a push that is cut off', 0, { sigScript: hex('05ac') }],
  ['a script that is cut off behind one', 4, { sigScript: hex(push('ac05')) }],
  ['witness_v0_keyhash', 1, { witness: items(SIGNATURE, KEY) }],
  ['witness_v0_scripthash with a multisig', 3, { witness: items('', SIGNATURE, MULTISIG) }],
  ['witness_v0_scripthash with 22', 22, { witness: items(MANY) }],
  [
    'witness_v0_keyhash in scripthash',
    1,
    { sigScript: hex(push(`0014${HASH20}`)), witness: items(SIGNATURE, KEY) },
  ],
  [
    'witness_v0_scripthash in scripthash',
    3,
    { sigScript: hex(push(`0020${HASH32}`)), witness: items('', MULTISIG) },
  ],
  ['a later program in scripthash', 0, { sigScript: hex(push(`5220${HASH32}`)), witness: items(MANY) }],
  ['taproot by its key', 0, { witness: items('ac'.repeat(64)) }],
  ['taproot by its key, with a hash type', 0, { witness: items('ac'.repeat(65)) }],
  ['taproot by its key, with an annex', 0, { witness: items('ac'.repeat(64), '50ac') }],
  ['taproot by a script', 0, { witness: items(MANY, CONTROL) }],
  ['taproot by a script in a tree', 0, { witness: items(MANY, `c1${HASH32}${HASH32}`) }],
];

describe('inputSigopCosts', () => {
  it.each(FORMS)('of an input that reveals %s: %i', (_, cost, input) => {
    const other = { witness: items('00') };
    const raw = buildTransaction({ inputs: [other, input, other] });
    expect(inputSigopCosts(parseTransaction(raw))).toEqual([0, cost, 0]);
  });

  it('adds to the operations of the own scripts, 4 for each', () => {
    const raw = buildTransaction({
      inputs: [{ witness: items(SIGNATURE, KEY) }, { sigScript: hex(push(MANY)) }],
      outputs: [{ script: hex('ac') }, { script: hex('ae') }],
    });
    expect(sigopCost(parseTransaction(raw))).toBe(1 + 88 + 4 * 21);
  });
});

btcd.describe('a btcd with transactions that spend outputs of every type', (program) => {
  const cleanup = new Cleanup();
  afterAll(() => cleanup.run());

  it('counts the same cost of each in its template', async () => {
    const wallet = new Wallet();
    const options = { miningAddress: wallet.address('regtest'), nonStandard: true };
    const node = cleanup.add(await Btcd.start(program, options), (it) => it.stop());
    const mined = await node.rpc<string[]>('generate', 110);
    // Some types have several shapes, which take turns.
    const { coins } = await splitCoinbases(node, wallet, SPENDABLE_TYPES, 48, mined.slice(0, 1));
    await node.rpc('generate', 1);
    const spends = coins.map((coin, i) => {
      const type = SPENDABLE_TYPES[(i + 3) % SPENDABLE_TYPES.length] ?? 'pubkeyhash';
      const value = COIN_VALUE / 2 - 1_000;
      return wallet.sign([coin], [{ type, value }, { type: 'pubkeyhash', value }]); // prettier-ignore
    });
    const source = await coinbase(node, mined[1] ?? '');
    const change = wallet.sign([source], [{ type: 'pubkeyhash', value: source.value - 5_000 }]);
    for (const { hex: raw } of [...spends, change]) await node.rpc('sendrawtransaction', raw);
    const template = await node.rpc<{
      readonly transactions: readonly { readonly data: string; readonly sigops: number }[];
    }>('getblocktemplate', { capabilities: ['coinbasetxn'], rules: ['segwit'] });
    const theirs = template.transactions.map(({ sigops }) => sigops);
    const ours = template.transactions.map(({ data }) =>
      sigopCost(parseTransaction(Buffer.from(data, 'hex'))),
    );
    expect(ours).toEqual(theirs);
    expect(ours).toHaveLength(spends.length + 1);
    expect(new Set(ours).size).toBeGreaterThan(4);
  });
});
