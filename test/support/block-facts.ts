import { readFileSync } from 'node:fs';
import BcoinBlock from 'bcoin/lib/primitives/block';
import type BcoinTX from 'bcoin/lib/primitives/tx';
import * as consensus from 'bcoin/lib/protocol/consensus';
import type { OutputType } from '../../src/wire/output-type';

/** The facts of a block as an independent parser tells them. Sizes in bytes, amounts in satoshi. */
export interface BlockFacts {
  readonly hash: string;
  /** The height that the coinbase claims (BIP34). */
  readonly height: number;
  readonly size: number;
  readonly strippedSize: number;
  readonly weight: number;
  readonly inputs: number;
  readonly outputs: number;
  /** The value of the coinbase's outputs above the subsidy. */
  readonly fees: number;
  readonly transactions: readonly TxFacts[];
}

/** The facts of a transaction as an independent parser tells them. */
interface TxFacts {
  readonly txid: string;
  readonly wtxid: string;
  readonly version: number;
  readonly size: number;
  readonly strippedSize: number;
  readonly weight: number;
  readonly vsize: number;
  readonly inputs: readonly {
    readonly sigScriptSize: number;
    /** Item count included; 0 in a transaction without witnesses. */
    readonly witnessSize: number;
    readonly sequence: number;
  }[];
  readonly outputs: readonly { readonly type: string; readonly size: number; readonly value: number }[];
}

/** A block of the shared data: its file and its network. */
export interface SharedBlock {
  readonly file: string;
  readonly network: 'mainnet' | 'testnet3';
}

/** All four shared blocks. */
export const SHARED_BLOCKS: readonly SharedBlock[] = [
  { file: 'mainnet-300025.raw', network: 'mainnet' },
  { file: 'mainnet-426884.raw', network: 'mainnet' },
  { file: 'mainnet-540107.raw', network: 'mainnet' },
  { file: 'testnet3-928849.raw', network: 'testnet3' },
];

/**
 * Our output types by bcoin's names. bcoin knows neither taproot nor anchors; the shared blocks are older
 * than both.
 */
export const BCOIN_TYPES: Readonly<Record<string, OutputType>> = {
  nonstandard: 'nonstandard',
  pubkey: 'pubkey',
  pubkeyhash: 'pubkeyhash',
  scripthash: 'scripthash',
  multisig: 'multisig',
  nulldata: 'nulldata',
  witnessmalformed: 'nonstandard',
  witnessscripthash: 'witness_v0_scripthash',
  witnesspubkeyhash: 'witness_v0_keyhash',
};

/** Both public networks halve the subsidy after this many blocks. */
const HALVING_INTERVAL = 210_000;

/** The facts of the block in a file, from bcoin's objects. */
export function bcoinFacts(path: string): BlockFacts {
  const block = BcoinBlock.fromRaw(readFileSync(path));
  const height = block.getCoinbaseHeight();
  const transactions = block.txs.map(bcoinTxFacts);
  const paid = transactions[0]?.outputs.reduce((sum, { value }) => sum + value, 0) ?? 0;
  return {
    hash: block.rhash(),
    height,
    size: block.getSize(),
    strippedSize: block.getBaseSize(),
    weight: block.getWeight(),
    inputs: transactions.reduce((sum, { inputs }) => sum + inputs.length, 0),
    outputs: transactions.reduce((sum, { outputs }) => sum + outputs.length, 0),
    fees: paid - consensus.getReward(height, HALVING_INTERVAL),
    transactions,
  };
}

function bcoinTxFacts(tx: BcoinTX): TxFacts {
  return {
    txid: tx.txid(),
    wtxid: tx.wtxid(),
    version: tx.version | 0,
    size: tx.getSize(),
    strippedSize: tx.getBaseSize(),
    weight: tx.getWeight(),
    vsize: tx.getVirtualSize(),
    inputs: tx.inputs.map((input) => ({
      sigScriptSize: input.script.raw.length,
      witnessSize: tx.hasWitness() ? input.witness.getVarSize() : 0,
      sequence: input.sequence,
    })),
    outputs: tx.outputs.map((output) => ({
      type: BCOIN_TYPES[output.getType()] ?? output.getType(),
      size: output.script.raw.length,
      value: output.value,
    })),
  };
}
