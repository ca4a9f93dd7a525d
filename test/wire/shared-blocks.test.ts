import { readFileSync } from 'node:fs';
import path from 'node:path';
import BcoinBlock from 'bcoin/lib/primitives/block';
import BcoinTX from 'bcoin/lib/primitives/tx';
import { type Block, parseBlock } from '../../src/wire/block';
import type { OutputType } from '../../src/wire/output-type';
import { NON_STANDARD_REASONS } from '../../src/policy/reasons';
import { POLICY_NAMES, standardness } from '../../src/policy/standardness';
import { checkSanity } from '../../src/policy/sanity';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { BCOIN_TYPES } from '../support/block-facts';
import { sharedBlocks, sharedSession } from '../support/data';

/** The counts of shared/data/README.md, and the heights in the files' names. */
const BLOCKS = [
  ['mainnet-300025.raw', 300_025, 461, { pubkeyhash: 1221, multisig: 5 }],
  ['mainnet-426884.raw', 426_884, 409, { pubkeyhash: 649, scripthash: 130, nulldata: 19 }],
  [
    'mainnet-540107.raw',
    540_107,
    230,
    { witness_v0_keyhash: 15, nulldata: 15, nonstandard: 1, scripthash: 175, pubkeyhash: 266 },
  ],
  [
    'testnet3-928849.raw',
    928_849,
    993,
    { pubkeyhash: 136, nulldata: 23, nonstandard: 1, scripthash: 17, witness_v0_keyhash: 10_087 },
  ],
] as const;

function ourFacts(transaction: Transaction): unknown {
  return {
    txid: transaction.txid,
    wtxid: transaction.wtxid,
    version: transaction.version,
    lockTime: transaction.lockTime,
    hasWitness: transaction.hasWitness,
    isCoinbase: transaction.isCoinbase,
    sizes: [transaction.size, transaction.strippedSize, transaction.weight, transaction.vsize],
    inputs: transaction.inputs.map((input) => [
      input.prevTxid,
      input.prevIndex,
      input.sigScript.toString('hex'),
      input.sequence,
      input.witnessItems,
      input.witnessSize,
    ]),
    outputs: transaction.outputs.map((output) => [output.value, output.script.toString('hex')]),
  };
}

function bcoinFacts(tx: BcoinTX): unknown {
  return {
    txid: tx.txid(),
    wtxid: tx.wtxid(),
    version: tx.version | 0,
    lockTime: tx.locktime,
    hasWitness: tx.hasWitness(),
    isCoinbase: tx.isCoinbase(),
    sizes: [tx.getSize(), tx.getBaseSize(), tx.getWeight(), tx.getVirtualSize()],
    inputs: tx.inputs.map((input) => [
      input.prevout.txid(),
      input.prevout.index,
      input.script.raw.toString('hex'),
      input.sequence,
      input.witness.items.length,
      tx.hasWitness() ? input.witness.getVarSize() : 0,
    ]),
    outputs: tx.outputs.map((output) => [output.value, output.script.raw.toString('hex')]),
  };
}

function countTypes(block: Block): Partial<Record<OutputType, number>> {
  const counts: Partial<Record<OutputType, number>> = {};
  for (const { outputs } of block.transactions) {
    for (const { type } of outputs) counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}

sharedBlocks.describe('whole blocks', (folder) => {
  describe.each(BLOCKS)('%s', (file, height, count, types) => {
    const bytes = readFileSync(path.join(folder, file));
    const ours = parseBlock(bytes);
    const theirs = BcoinBlock.fromRaw(bytes);

    it('is the block that bcoin reads', () => {
      expect(ours).toMatchObject({
        hash: theirs.rhash(),
        version: theirs.version | 0,
        time: theirs.time,
        bits: theirs.bits,
        nonce: theirs.nonce,
        size: theirs.getSize(),
        strippedSize: theirs.getBaseSize(),
        weight: theirs.getWeight(),
        coinbaseHeight: height,
      });
      // bcoin keeps these two in wire order.
      const reversed = (hash: string) => Buffer.from(hash, 'hex').reverse().toString('hex');
      expect(ours.prevHash).toBe(reversed(theirs.prevBlock));
      expect(ours.merkleRoot).toBe(reversed(theirs.merkleRoot));
    });

    it('reads every fact of every transaction as bcoin reads it', () => {
      expect(ours.transactions).toHaveLength(count);
      expect(ours.transactions.map(ourFacts)).toEqual(theirs.txs.map(bcoinFacts));
    });

    it('has the output types that bcoin finds', () => {
      expect(countTypes(ours)).toEqual(types);
      expect(ours.transactions.map((tx) => tx.outputs.map((output) => output.type))).toEqual(
        theirs.txs.map((tx) => tx.outputs.map((output) => BCOIN_TYPES[output.getType()])),
      );
    });

    it('is sane, and is judged by both policies', () => {
      expect(ours.transactions.map(checkSanity).filter((reason) => reason !== undefined)).toEqual([]);
      for (const policy of POLICY_NAMES) {
        for (const transaction of ours.transactions.slice(1)) {
          const { reason, inputs, outputs } = standardness(policy, transaction);
          expect([undefined, ...NON_STANDARD_REASONS]).toContain(reason);
          expect([inputs.length, outputs.length]).toEqual([
            transaction.inputs.length,
            transaction.outputs.length,
          ]);
        }
      }
    });
  });
});

/**
 * Payloads of the `tx` and `block` messages in a recorded stream: magic 4, command 12, length 4, checksum 4.
 */
function payloads(stream: Buffer, command: string): Buffer[] {
  const found: Buffer[] = [];
  for (let offset = 0; offset < stream.length;) {
    const name = stream.toString('latin1', offset + 4, offset + 16).replace(/\0+$/, '');
    const end = offset + 24 + stream.readUInt32LE(offset + 16);
    if (name === command) found.push(stream.subarray(offset + 24, end));
    offset = end;
  }
  return found;
}

sharedSession.describe('what Bitcoin Core 31 relayed', (folder) => {
  const stream = readFileSync(path.join(folder, 'recv.bin'));
  const transactions = payloads(stream, 'tx');

  it('is read as bcoin reads it, taproot included', () => {
    expect(transactions.length).toBeGreaterThan(0);
    expect(transactions.map((bytes) => ourFacts(parseTransaction(bytes)))).toEqual(
      transactions.map((bytes) => bcoinFacts(BcoinTX.fromRaw(bytes))),
    );
    const types = transactions.flatMap((bytes) => parseTransaction(bytes).outputs.map(({ type }) => type));
    expect(types).toContain('witness_v1_taproot');
  });

  it('is standard by its policy, since it relayed it', () => {
    const reasons = transactions.map((bytes) => standardness('core', parseTransaction(bytes)).reason);
    expect(reasons.filter((reason) => reason !== undefined)).toEqual([]);
  });

  it('has the blocks whose transactions it relayed', () => {
    for (const bytes of payloads(stream, 'block')) {
      const block = parseBlock(bytes);
      expect(block.hash).toBe(BcoinBlock.fromRaw(bytes).rhash());
      expect(block.coinbaseHeight).toBe(BcoinBlock.fromRaw(bytes).getCoinbaseHeight());
    }
  });
});
