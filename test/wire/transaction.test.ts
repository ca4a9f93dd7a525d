import TX from 'bcoin/lib/primitives/tx';
import { ByteReader } from '../../src/wire/byte-reader';
import { parseTransaction, readTransaction } from '../../src/wire/transaction';
import { buildTransaction, hex, multisigScript, SCRIPTS } from './build';

// The signed P2WPKH example of BIP143: its first input has no witness, its second no signature script.
const BIP143 = hex(
  '01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb' +
    '62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3' +
    'ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb2060000000019' +
    '76a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa8159' +
    '88ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e' +
    '8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000',
);

describe('parseTransaction', () => {
  it('reads the facts of a transaction with witness', () => {
    const transaction = parseTransaction(BIP143);
    expect(transaction).toMatchObject({
      version: 1,
      lockTime: 17,
      hasWitness: true,
      isCoinbase: false,
      size: 343,
      strippedSize: 233,
      weight: 1042,
      vsize: 261,
    });
    const [first, second] = transaction.inputs;
    expect(first).toMatchObject({
      prevTxid: '9f96ade4b41d5433f4eda31e1738ec2b36f6e7d1420d94a6af99801a88f7f7ff',
      prevIndex: 0,
      sigScriptLength: 73,
      sequence: 0xffff_ffee,
      witnessItems: 0,
      witnessSize: 1,
    });
    expect(second).toMatchObject({ prevIndex: 1, sigScriptLength: 0, witnessItems: 2, witnessSize: 107 });
    expect(transaction.outputs.map(({ value, type }) => [value, type])).toEqual([
      [112_340_000, 'pubkeyhash'],
      [223_450_000, 'pubkeyhash'],
    ]);
  });

  it('has the ids that bcoin has', () => {
    const ours = parseTransaction(BIP143);
    const theirs = TX.fromRaw(BIP143);
    expect([ours.txid, ours.wtxid]).toEqual([theirs.txid(), theirs.wtxid()]);
    expect(ours.wtxid).not.toBe(ours.txid);
  });

  it('has one id without witness, and no witness sizes', () => {
    const transaction = parseTransaction(buildTransaction());
    expect(transaction.wtxid).toBe(transaction.txid);
    expect(transaction.strippedSize).toBe(transaction.size);
    expect(transaction.weight).toBe(transaction.size * 4);
    expect(transaction.inputs[0]).toMatchObject({ witnessItems: 0, witnessSize: 0 });
  });

  it('reads a spend of taproot by script path (BIP341) and outputs of every type', () => {
    const bytes = buildTransaction({
      inputs: [{ witness: [Buffer.alloc(64), SCRIPTS.nonstandard, Buffer.alloc(33, 0xc0)] }],
      outputs: Object.values(SCRIPTS).map((script) => ({ script })),
    });
    const transaction = parseTransaction(bytes);
    expect(transaction.txid).toBe(TX.fromRaw(bytes).txid());
    expect(transaction.inputs[0]).toMatchObject({ witnessItems: 3, witnessSize: 1 + 65 + 7 + 34 });
    expect(transaction.outputs.map((output) => output.type)).toEqual(Object.keys(SCRIPTS));
  });

  it('reads numbers at the ends of their ranges', () => {
    const transaction = parseTransaction(
      buildTransaction({
        version: 0xffff_ffff,
        lockTime: 0xffff_ffff,
        inputs: [{ prevIndex: 0xffff_ffff, sequence: 0 }],
      }),
    );
    expect(transaction).toMatchObject({ version: -1, lockTime: 0xffff_ffff });
    expect(transaction.inputs[0]).toMatchObject({ prevIndex: 0xffff_ffff, sequence: 0, isNull: false });
  });

  it.each([
    [0n, 0],
    [2_100_000_000_000_000n, 2_100_000_000_000_000],
    [2n ** 53n - 1n, Number.MAX_SAFE_INTEGER],
    [2n ** 53n, Infinity],
    [2n ** 63n - 1n, Infinity],
    [-1n, -1],
    [-(2n ** 63n), -Infinity],
  ])('reads the value %s as %s', (value, expected) => {
    const [output] = parseTransaction(buildTransaction({ outputs: [{ value }] })).outputs;
    expect(output?.value).toBe(expected);
  });

  it('reads keys and signatures of a bare multisig, and nothing of other types', () => {
    const outputs = [{ script: multisigScript(2, 3) }, { script: SCRIPTS.pubkey }];
    expect(parseTransaction(buildTransaction({ outputs })).outputs.map((output) => output.multisig)).toEqual([
      { required: 2, keys: 3, keysAreValid: true },
      undefined,
    ]);
  });

  it('reads a transaction with neither inputs nor outputs, as Core does', () => {
    const transaction = parseTransaction(hex('02000000 00 00 11000000'));
    expect(transaction).toMatchObject({
      inputs: [],
      outputs: [],
      hasWitness: false,
      lockTime: 17,
      strippedSize: 10,
    });
  });

  it('reads from the given offset, and hashes only its own bytes', () => {
    const bytes = Buffer.concat([hex('ffffff'), BIP143]);
    expect(parseTransaction(bytes, 3).txid).toBe(parseTransaction(BIP143).txid);
    expect(parseTransaction(bytes, 3).wtxid).toBe(parseTransaction(BIP143).wtxid);
  });

  it('gives views of the bytes, not copies', () => {
    const { inputs, outputs } = parseTransaction(BIP143);
    expect(inputs[0]?.sigScript.buffer).toBe(BIP143.buffer);
    expect(inputs[0]?.prevHash).toEqual(BIP143.subarray(7, 39));
    expect(inputs[0]?.outpointKey).toBe(BIP143.toString('latin1', 7, 43));
    expect(outputs[0]?.script).toHaveLength(25);
  });
});

describe('readTransaction', () => {
  it('moves the reader behind the transaction', () => {
    const plain = buildTransaction();
    const reader = new ByteReader(Buffer.concat([plain, BIP143]));
    expect(readTransaction(reader).end).toBe(plain.length);
    expect(readTransaction(reader)).toMatchObject({ start: plain.length, size: BIP143.length });
    reader.expectEnd();
  });
});
