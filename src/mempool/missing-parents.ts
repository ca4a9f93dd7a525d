import { INV_TX, INV_WTX, type InventoryItem } from '../wire/messages/inventory';
import { type Hash, readHash } from '../wire/hash';
import { RollingHashes } from '../lib/rolling-hashes';
import type { Input } from '../wire/input';
import type { Transaction } from '../wire/transaction';
import { type CoinCache, SEEN_MINED } from './coin-cache';
import type { Graph } from './graph';
import { Orphans } from './orphans';
import { NONE } from '../lib/record-table';

/**
 * Number of announcements that are remembered to detect missing parents: about an hour and a half of mainnet.
 */
const KEPT_ANNOUNCEMENTS = 50_000;

export interface MissingParentsModules {
  readonly graph: Graph;
  readonly coins: CoinCache;
}

/** Detects which transactions of the view lack a parent; see `orphans` of MempoolGauges. */
export class MissingParents {
  private readonly orphans = new Orphans();
  private readonly announcements = new RollingHashes<Hash>(KEPT_ANNOUNCEMENTS);

  constructor(private readonly modules: MissingParentsModules) {}

  /** Number of transactions that lack a parent. */
  get waiting(): number {
    return this.orphans.count;
  }

  /** Records what a peer announced; items that are not transactions are ignored. */
  announced(items: readonly InventoryItem[]): void {
    for (const { type, hash } of items) if (type === INV_TX || type === INV_WTX) this.announcements.add(hash);
  }

  /** Notes that a transaction is in the view or in a block: nobody waits for it any longer. */
  arrived(txid: Hash): void {
    this.orphans.arrived(txid);
  }

  /** Finds the missing parents of an entry of the view. */
  entered(slot: number, { inputs }: Transaction): void {
    for (const input of inputs) if (this.lacksParent(input)) this.orphans.wait(slot, input.wirePrevTxid);
  }

  /**
   * Notes that a transaction is in no block and not in the view. Its children in the view now lack a parent.
   */
  missing(txid: Buffer, outputs: number): void {
    const { graph } = this.modules;
    for (const child of graph.spenders(txid, outputs))
      if (graph.entries.isInView(child)) this.orphans.wait(child, readHash(txid, 0));
  }

  /** Drops an entry that left the view. */
  forget(slot: number): void {
    this.orphans.forget(slot);
  }

  private lacksParent({ bytes, start }: Input): boolean {
    const { graph, coins } = this.modules;
    if (graph.entries.find(bytes, start) !== NONE) return false;
    const seen = coins.seen(bytes, start);
    if (seen === 0) return this.announcements.has(readHash(bytes, start));
    return (seen & SEEN_MINED) === 0;
  }
}
