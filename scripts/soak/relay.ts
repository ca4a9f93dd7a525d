import { NETWORKS } from '../../src/wire/networks';
import { encodeFrame } from '../../src/wire/framing';
import { INV_TX, type InventoryItem } from '../../src/wire/messages/inventory';
import { compactSize } from '../../test/support/transaction';
import { Chain } from './chain';
import type { SoakProgress } from './news';
import type { RelayedTransaction } from './traffic';

/** Transactions that can still be asked for. */
const KEPT = 60_000;

/** Blocks that can still be asked for. */
const KEPT_BLOCKS = 3;

/** What a type of inventory names a transaction by. */
export function itemOf(type: number, { txid, wtxid }: RelayedTransaction): InventoryItem {
  return { type, hash: (type === INV_TX ? txid : wtxid).toString('latin1') };
}

/** What the peers have together: transactions and blocks that the listener may ask for, and the counts. */
export class Relay {
  readonly chain = new Chain();
  readonly counts: { -readonly [Name in keyof Omit<SoakProgress, 'time'>]: number } = {
    transactions: 0,
    announced: 0,
    blocks: 0,
    blockBytes: 0,
    bytes: 0,
    hangUps: 0,
  };
  /** Transactions that were announced, and that were asked for. */
  offered = 0;
  asked = 0;
  /** By either id. */
  private readonly transactions = new Map<string, RelayedTransaction>();
  private readonly blocks = new Map<string, Buffer>();

  /** From now on a transaction can be asked for. */
  offer(transaction: RelayedTransaction): void {
    this.transactions.set(transaction.txid.toString('latin1'), transaction);
    this.transactions.set(transaction.wtxid.toString('latin1'), transaction);
    forgetOldest(this.transactions, 2 * KEPT);
    this.offered++;
  }

  /** Takes out the bytes of a transaction that is asked for. */
  takeTransaction(hash: string): Buffer | undefined {
    const transaction = this.transactions.get(hash);
    if (transaction === undefined) return undefined;
    this.asked++;
    this.transactions.delete(transaction.txid.toString('latin1'));
    this.transactions.delete(transaction.wtxid.toString('latin1'));
    this.counts.transactions++;
    return transaction.raw;
  }

  /** Mines those of `waiting` that fit into a block, and returns its hash. */
  mine(waiting: RelayedTransaction[]): string {
    const block = this.chain.next(waiting);
    this.counts.blocks++;
    this.counts.blockBytes += block.raw.length;
    const hash = block.hash.toString('latin1');
    this.blocks.set(hash, block.raw);
    forgetOldest(this.blocks, KEPT_BLOCKS);
    return hash;
  }

  block(hash: string): Buffer | undefined {
    return this.blocks.get(hash);
  }

  /** The payload of `headers` with all of the chain. */
  headers(): Buffer {
    const headers = this.chain.headers.map((header) => Buffer.concat([header, Buffer.of(0)]));
    return Buffer.concat([compactSize(headers.length), ...headers]);
  }

  /** A message as it goes out. */
  frame(command: string, payload: Buffer): Buffer {
    const frame = encodeFrame(NETWORKS.regtest.magic, command, payload);
    this.counts.bytes += frame.length;
    return frame;
  }
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
