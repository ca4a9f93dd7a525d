import { encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import type { Btcd } from './btcd';
import { type FakeConnection, dialListener } from './fake-peer';
import { coinbase } from './funding';
import { FINAL_SEQUENCE } from './transaction';
import { until } from './until';
import type { Wallet } from './wallet';

/** Satoshi of each coin. */
const FREE_COIN_VALUE = 10_000;

/** Outputs of a transaction that makes coins: 200 kB of them. */
const COINS_PER_TRANSACTION = 20_000;

/** Above the least that is relayed, 1,000 satoshi per 1,000 bytes. */
const FAN_OUT_FEE = 400_000;

/** A script that everybody may spend: OP_TRUE. */
const ANYBODY = Buffer.of(0x51);

/** Bytes of a transaction that `spendFreeCoin` makes: no node relays one of less than 65. */
export const FREE_SPEND_BYTES = 67;

/** A coin that needs no signature, so that a test can spend very many. */
export interface FreeCoin {
  readonly txid: string;
  readonly vout: number;
}

/**
 * Makes coins that need no signature, and has them mined. The node must accept non-standard transactions.
 * @param mature hashes of blocks at least 100 deep, one for every 20,000 coins; their coinbases are spent
 */
export async function makeFreeCoins(
  node: Btcd,
  wallet: Wallet,
  count: number,
  mature: readonly string[],
): Promise<FreeCoin[]> {
  const coins: FreeCoin[] = [];
  for (const block of mature) {
    const wanted = Math.min(COINS_PER_TRANSACTION, count - coins.length);
    if (wanted <= 0) break;
    const source = await coinbase(node, block);
    const payment = { type: 'nonstandard', value: FREE_COIN_VALUE, script: ANYBODY } as const;
    const change = {
      type: 'pubkeyhash',
      value: source.value - wanted * FREE_COIN_VALUE - FAN_OUT_FEE,
    } as const;
    const { txid, hex } = wallet.sign([source], [...Array<typeof payment>(wanted).fill(payment), change]);
    await node.rpc('sendrawtransaction', hex);
    for (let vout = 0; vout < wanted; vout++) coins.push({ txid, vout });
  }
  if (coins.length < count) throw new Error(`${mature.length} coinbases are too few for ${count} coins`);
  // A block has room for three of the transactions.
  await until('the coins in blocks', async () => {
    await node.rpc('generate', 1);
    return (await node.rpc<string[]>('getrawmempool')).length === 0;
  });
  return coins;
}

/** The bytes of a transaction that spends a coin, and pays `fee` satoshi. */
export function spendFreeCoin({ txid, vout }: FreeCoin, fee: number): Buffer {
  const bytes = Buffer.alloc(FREE_SPEND_BYTES);
  let at = bytes.writeUInt32LE(2);
  at = bytes.writeUInt8(1, at);
  at += Buffer.from(txid, 'hex').reverse().copy(bytes, at);
  at = bytes.writeUInt32LE(vout, at);
  at = bytes.writeUInt8(0, at);
  at = bytes.writeUInt32LE(FINAL_SEQUENCE, at);
  at = bytes.writeUInt8(1, at);
  at = bytes.writeBigUInt64LE(BigInt(FREE_COIN_VALUE - fee), at);
  // A push of four bytes, OP_DROP and OP_TRUE: with OP_TRUE alone it would be too short.
  at = bytes.writeUInt8(7, at);
  at = bytes.writeUInt8(4, at);
  at = bytes.writeUInt32LE(vout, at);
  bytes.writeUInt16BE(0x7551, at);
  return bytes;
}

/** Dials a node of regtest as a peer that sends it transactions, and waits for the handshake. */
export async function dialAsSender(node: Btcd): Promise<FakeConnection> {
  const sender = await dialListener(node.p2pPort, { claims: { userAgent: '/sender:1/' } });
  await until('the handshake', () => sender.commands().includes('verack'));
  return sender;
}

/** Sends transactions as a peer does that was asked for them. */
export function sendTransactions(sender: FakeConnection, transactions: readonly Buffer[]): void {
  const { magic } = NETWORKS.regtest;
  sender.raw(Buffer.concat(transactions.map((bytes) => encodeFrame(magic, 'tx', bytes))));
}
