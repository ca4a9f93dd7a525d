import { RollingHashes } from '../lib/rolling-hashes';
import type { Hash } from '../wire/hash';
import { type InventoryItem, kindOfItem } from '../wire/messages/inventory';

/**
 * How many hashes are remembered that were announced to the node or received by it: two hours of mainnet at
 * least, in 16 MB when full.
 */
const SEEN = 200_000;

/**
 * How many received transactions and blocks are remembered, so that each counts once: four hours of mainnet
 * at least, in 8 MB.
 */
const ARRIVED = 100_000;

/** How many blocks are remembered as announced, and as asked for. */
const BLOCKS = 10_000;

/** What the peers of a tapped node announced and sent, and what the node asked for, in bounded memory. */
export class SeenInventory {
  private readonly seen = new RollingHashes(SEEN);
  private readonly arrived = new RollingHashes(ARRIVED);
  private readonly announcedBlocks = new RollingHashes(BLOCKS);
  private readonly requestedBlocks = new RollingHashes(BLOCKS);

  /** Takes an `inv` to the node. Returns how many transactions and blocks in it were known before. */
  announced(items: readonly InventoryItem[]): number {
    let known = 0;
    for (const { type, hash } of items) {
      if (kindOfItem(type) === null) continue;
      if (this.seen.has(hash)) known++;
      else this.seen.add(hash);
    }
    return known;
  }

  /** Takes a transaction that the node got. Returns whether it came for the first time. */
  transactionReceived(txid: Hash, wtxid: Hash): boolean {
    this.seen.add(txid);
    this.seen.add(wtxid);
    return this.isFirst(wtxid);
  }

  /** Takes a block that the node got. Returns whether it came for the first time. */
  blockReceived(hash: Hash): boolean {
    this.seen.add(hash);
    return this.isFirst(hash);
  }

  /** Notes that a peer announced a block. */
  blockAnnounced(hash: Hash): void {
    this.announcedBlocks.add(hash);
  }

  /** Whether a block was announced to the node, by any message. */
  isBlockAnnounced(hash: Hash): boolean {
    return this.announcedBlocks.has(hash);
  }

  /** Takes a `getdata` of the node. */
  requested(items: readonly InventoryItem[]): void {
    for (const { type, hash } of items) if (kindOfItem(type) === 'block') this.requestedBlocks.add(hash);
  }

  /** Whether the node asked a peer for a block. */
  isBlockRequested(hash: Hash): boolean {
    return this.requestedBlocks.has(hash);
  }

  private isFirst(hash: Hash): boolean {
    const first = !this.arrived.has(hash);
    if (first) this.arrived.add(hash);
    return first;
  }
}
