import { NETWORKS } from '../../src/wire/networks';
import { encodeFrame } from '../../src/wire/framing';
import { type Hash, readHash } from '../../src/wire/hash';
import { INV_TX, type InventoryItem } from '../../src/wire/messages/inventory';
import { compactSize } from '../../test/support/transaction';
import { Chain } from './chain';
import type { SoakProgress } from './news';
import type { RelayedTransaction } from './traffic';

/** How many transactions are kept until they are requested. */
const KEPT = 60_000;

/** How many blocks are kept for requests. */
const KEPT_BLOCKS = 3;

/** The item that announces a transaction, by txid or by wtxid. */
export function itemOf(type: number, { txid, wtxid }: RelayedTransaction): InventoryItem {
  return { type, hash: readHash(type === INV_TX ? txid : wtxid, 0) };
}

/** What all peers share: the transactions and blocks that the listener may request, and the counts. */
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
  /** How many transactions were announced, and how many were requested. */
  offered = 0;
  asked = 0;
  /** By txid and by wtxid. */
  private readonly transactions = new Map<Hash, RelayedTransaction>();
  private readonly blocks = new Map<Hash, Buffer>();

  /** Makes a transaction available for requests. */
  offer(transaction: RelayedTransaction): void {
    this.transactions.set(readHash(transaction.txid, 0), transaction);
    this.transactions.set(readHash(transaction.wtxid, 0), transaction);
    forgetOldest(this.transactions, 2 * KEPT);
    this.offered++;
  }

  /** Removes a requested transaction, and returns its bytes. */
  takeTransaction(hash: Hash): Buffer | undefined {
    const transaction = this.transactions.get(hash);
    if (transaction === undefined) return undefined;
    this.asked++;
    this.transactions.delete(readHash(transaction.txid, 0));
    this.transactions.delete(readHash(transaction.wtxid, 0));
    this.counts.transactions++;
    return transaction.raw;
  }

  /** Mines a block of the transactions of `waiting` that fit, and returns its hash. */
  mine(waiting: RelayedTransaction[]): Hash {
    const block = this.chain.next(waiting);
    this.counts.blocks++;
    this.counts.blockBytes += block.raw.length;
    const hash = readHash(block.hash, 0);
    this.blocks.set(hash, block.raw);
    forgetOldest(this.blocks, KEPT_BLOCKS);
    return hash;
  }

  block(hash: Hash): Buffer | undefined {
    return this.blocks.get(hash);
  }

  /** The payload of a `headers` message with the whole chain. */
  headers(): Buffer {
    const headers = this.chain.headers.map((header) => Buffer.concat([header, Buffer.of(0)]));
    return Buffer.concat([compactSize(headers.length), ...headers]);
  }

  /** Encodes a message with its header, and counts its bytes. */
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
