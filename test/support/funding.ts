import type { Btcd } from './btcd';
import { type OutputType, type Signed, type Spendable, type Wallet } from './wallet';

/**
 * The largest number of outputs of a fan-out. Its bare multisig outputs count as 20 signature operations
 * each, and policy allows 4,000.
 */
const OUTPUTS_PER_FAN_OUT = 100;

/** Satoshi of each output of a fan-out: far above dust, and enough for the fee of its spender. */
export const COIN_VALUE = 10_000;

/** Far above the minimum relay fee of 1,000 satoshi/kvB for 100 outputs of at most 140 bytes. */
const FAN_OUT_FEE = 50_000;

/** The part of a block's transactions that `getblock` gives at verbosity 2. */
interface VerboseBlock {
  readonly rawtx: readonly {
    readonly txid: string;
    readonly vout: readonly { readonly value: number; readonly scriptPubKey: { readonly hex: string } }[];
  }[];
}

/** The coinbase output of a block that was mined for the wallet's address. */
export async function coinbase(node: Btcd, blockHash: string): Promise<Spendable> {
  const { rawtx } = await node.rpc<VerboseBlock>('getblock', blockHash, 2);
  const [transaction] = rawtx;
  const output = transaction?.vout[0];
  if (transaction === undefined || output === undefined)
    throw new Error(`block ${blockHash} has no coinbase`);
  return {
    type: 'pubkeyhash',
    txid: transaction.txid,
    vout: 0,
    value: Math.round(output.value * 1e8),
    script: Buffer.from(output.scriptPubKey.hex, 'hex'),
  };
}

/**
 * Splits coinbases into `count` coins of {@link COIN_VALUE}, of the given types in turn, and sends the
 * transactions that do so. They must be mined before the coins are spent, because a transaction may have only
 * 25 unconfirmed ancestors.
 * @param mature hashes of blocks at least 100 deep, one for every 100 coins
 */
export async function splitCoinbases(
  node: Btcd,
  wallet: Wallet,
  types: readonly OutputType[],
  count: number,
  mature: readonly string[],
): Promise<{ coins: Spendable[]; transactions: Signed[] }> {
  const transactions: Signed[] = [];
  const coins: Spendable[] = [];
  for (const blockHash of mature) {
    if (coins.length >= count) break;
    const source = await coinbase(node, blockHash);
    const payments = Array.from({ length: OUTPUTS_PER_FAN_OUT }, (_, i) => ({
      type: types[i % types.length] ?? 'pubkeyhash',
      value: COIN_VALUE,
    }));
    const change = source.value - OUTPUTS_PER_FAN_OUT * COIN_VALUE - FAN_OUT_FEE;
    const transaction = wallet.sign([source], [...payments, { type: 'pubkeyhash', value: change }]);
    await node.rpc('sendrawtransaction', transaction.hex);
    transactions.push(transaction);
    coins.push(...transaction.outputs.slice(0, OUTPUTS_PER_FAN_OUT));
  }
  if (coins.length < count) throw new Error(`${mature.length} coinbases are too few for ${count} coins`);
  return { coins, transactions };
}
