import { INV_TX, INV_WTX, type InventoryItem } from '../wire/messages/inventory';
import { type Hash, readHash } from '../wire/hash';
import { RollingHashes } from '../lib/rolling-hashes';
import type { Input } from '../wire/input';
import type { Transaction } from '../wire/transaction';
import { type CoinCache, SEEN_MINED } from './coin-cache';
import type { Graph } from './graph';
import { Orphans } from './orphans';
import { NONE } from '../lib/record-table';

/** Announcements that are remembered to tell that a parent is missing: about an hour and a half of mainnet. */
const KEPT_ANNOUNCEMENTS = 50_000;

/** What it takes to tell that a parent is missing. */
export interface MissingParentsModules {
  readonly graph: Graph;
  readonly coins: CoinCache;
}

/** Tells which transactions of the view lack a parent; see `orphans` of MempoolGauges. Hashes are as on the wire. */
export class MissingParents {
  private readonly orphans = new Orphans();
  private readonly announcements = new RollingHashes(KEPT_ANNOUNCEMENTS);

  constructor(private readonly modules: MissingParentsModules) {}

  /** Transactions that wait. */
  get waiting(): number {
    return this.orphans.count;
  }

  /** Takes what a peer announced; items that are no transactions are ignored. */
  announced(items: readonly InventoryItem[]): void {
    for (const { type, hash } of items) if (type === INV_TX || type === INV_WTX) this.announcements.add(hash);
  }

  /** Notes that a transaction is in the view or in a block: nobody waits for it any longer. */
  arrived(txid: Hash): void {
    this.orphans.arrived(txid);
  }

  /** Notes for which parents an entry of the view waits. */
  entered(slot: number, { inputs }: Transaction): void {
    for (const input of inputs) if (this.lacksParent(input)) this.orphans.wait(slot, input.wirePrevTxid);
  }

  /** A transaction is known to be in no block and is not in the view: what is built on it there lacks a parent. */
  missing(txid: Buffer, outputs: number): void {
    const { graph } = this.modules;
    for (const child of graph.spenders(txid, outputs))
      if (graph.entries.isInView(child)) this.orphans.wait(child, readHash(txid, 0));
  }

  /** Forgets an entry that left the view. */
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
