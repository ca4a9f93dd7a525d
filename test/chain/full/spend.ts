import TX from 'bcoin/lib/primitives/tx';
import { parseBlock } from '../../../src/wire/block';
import { type BlockSpec, mineBlock, REGTEST, rightCommitment } from '../mine';
import { type Signed, type Spendable, Wallet } from '../../support/wallet';
import type { InputSpec, TransactionSpec } from '../../wire/build';

/** OP_TRUE: spending it needs no key. The wallet spends it like an anchor. */
export const OP_TRUE = Buffer.of(0x51);

/** Subsidy of the first 149 blocks in satoshi; it halves every 150 blocks. */
export const SUBSIDY = 50 * 1e8;
const HALVING = 150;

/** A transaction in the form that `mineBlock` takes. */
export function specOf(hex: string): TransactionSpec {
  const tx = TX.fromRaw(Buffer.from(hex, 'hex'));
  const hasWitness = tx.hasWitness();
  return {
    version: tx.version,
    lockTime: tx.locktime,
    inputs: tx.inputs.map(({ prevout, script, sequence, witness }): InputSpec => {
      const input = {
        prevHash: Buffer.from(prevout.txid(), 'hex').reverse(),
        prevIndex: prevout.index,
        sigScript: script.raw,
        sequence,
      };
      return hasWitness ? { ...input, witness: witness.items } : input;
    }),
    outputs: tx.outputs.map(({ value, script }) => ({ value, script: script.raw })),
  };
}

/** A chain of blocks whose coinbases anybody may spend, and a wallet for transactions on top of them. */
export class Miner {
  readonly wallet = new Wallet();
  /** The last block, on which children are built. */
  tip: Buffer = REGTEST.genesis;
  height = 0;
  /** The coinbase of each height. */
  readonly coinbases = new Map<number, Spendable>();

  /** Names of blocks by hash. */
  readonly names = new Map<string, string>();
  readonly blocks = new Map<string, Buffer>();

  /** A block on the tip, or on the parent that `spec` names. It does not become the tip. */
  build(transactions: readonly TransactionSpec[] = [], spec: Partial<BlockSpec> = {}): Buffer {
    const isSegwit = transactions.some(({ inputs = [] }) =>
      inputs.some(({ witness }) => witness !== undefined),
    );
    return mineBlock({
      on: this.tip,
      height: this.height + 1,
      outputs: [{ value: SUBSIDY / 2 ** Math.floor((this.height + 1) / HALVING), script: OP_TRUE }],
      transactions,
      ...(isSegwit ? { commitment: rightCommitment } : {}),
      ...spec,
    });
  }

  /** Makes a block on the tip the new tip, and records its name. */
  extend(block: Buffer, name = ''): Buffer {
    this.tip = block;
    this.height++;
    const { wireHash: hash, transactions } = parseBlock(block);
    this.names.set(hash, name);
    this.blocks.set(hash, block);
    const txid = transactions[0]?.txid ?? '';
    this.coinbases.set(this.height, { type: 'anchor', value: SUBSIDY, txid, vout: 0, script: OP_TRUE });
    return block;
  }

  /** A spend of the coinbase of a height. */
  spend(height: number, fee: number, payments?: Parameters<Wallet['sign']>[1]): Signed {
    const coin = this.coinbases.get(height);
    if (coin === undefined) throw new Error(`no coinbase of height ${height}`);
    return this.wallet.sign([coin], payments ?? [{ type: 'pubkeyhash', value: coin.value - fee }]);
  }
}
