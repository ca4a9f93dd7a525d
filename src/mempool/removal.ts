import type { Hash } from '../wire/hash';
import { NONE } from '../lib/record-table';
import { ENTRY_BYTES } from './entries';
import { type CoinCache, SEEN_EVICTED, SEEN_REPLACED } from './coin-cache';
import type { FeeOrder } from './fee-order';
import type { Graph } from './graph';
import type { RemovalReason, RemovedTree } from './mempool-events';
import type { MissingParents } from './missing-parents';
import { ORDER_BYTES } from './order-fields';
import type { Reporter } from './reporter';
import { SPEND_BYTES } from './spends';

/** The limits of the view; see RelayViewOptions. */
export interface RemovalLimits {
  readonly maxBytes: number;
  readonly expiryMs: number;
}

export interface RemovalModules {
  readonly graph: Graph;
  readonly coins: CoinCache;
  readonly parents: MissingParents;
  readonly order: FeeOrder;
  readonly reporter: Reporter;
}

/** A block's own transactions leave the view in another way. */
type OtherReason = Exclude<RemovalReason, 'block'>;

/** What the coin cache remembers of the reasons. */
const LEFT: Readonly<Record<OtherReason, number>> = {
  conflict: SEEN_REPLACED,
  replaced: SEEN_REPLACED,
  expired: SEEN_EVICTED,
  evicted: SEEN_EVICTED,
};

/** Removes transactions from the relay view, and reports each one that leaves. */
export class Removal {
  constructor(
    private readonly limits: RemovalLimits,
    private readonly modules: RemovalModules,
  ) {}

  /** Takes an entry out of the view, but keeps it. */
  leaveView(slot: number, reason: OtherReason): void {
    const { graph, coins } = this.modules;
    const txid = graph.entries.txid(slot);
    this.takeOut(slot);
    coins.setLeft(graph.entries.key(slot), LEFT[reason]);
    this.modules.reporter.removed(txid, reason);
  }

  /** The same for an entry that is in a block. The caller notes that in the coin cache. */
  leaveForBlock(slot: number, txid: Hash): void {
    this.takeOut(slot);
    this.modules.reporter.removed(txid, 'block');
  }

  /** Removes transactions and all their descendants from the view, as far as they are still there. */
  removeTrees(roots: readonly number[], reason: OtherReason): RemovedTree {
    const { graph } = this.modules;
    const { entries } = graph;
    const stack = [...roots];
    let transactions = 0;
    let fees: number | undefined = 0;
    let vsize = 0;
    for (let slot = stack.pop(); slot !== undefined; slot = stack.pop()) {
      if (!entries.isInView(slot)) continue;
      for (const child of graph.spenders(entries.key(slot), entries.outputs(slot))) stack.push(child);
      const fee = entries.fee(slot);
      fees = fees === undefined || fee === undefined ? undefined : fees + fee;
      vsize += entries.vsize(slot);
      transactions += 1;
      this.leaveView(slot, reason);
      graph.remove(slot);
    }
    return { transactions, fees, vsize };
  }

  /** Removes a transaction and all its descendants from the view, if it is still there. */
  removeTree(root: number, reason: OtherReason): void {
    this.removeTrees([root], reason);
  }

  /** Removes an entry of a block. */
  drop(slot: number): void {
    const { graph } = this.modules;
    graph.entries.unlink(slot);
    graph.remove(slot);
  }

  /** Removes transactions that have waited too long for a block. */
  expire(nowMs: number): void {
    const { entries } = this.modules.graph;
    const { view } = entries;
    for (let slot = view.first; slot !== NONE; slot = view.first) {
      if (nowMs - entries.arrived(slot) < this.limits.expiryMs) return;
      this.removeTree(slot, 'expired');
    }
  }

  /** Removes the oldest transactions until the view is within its limit. */
  trim(): void {
    const { view } = this.modules.graph.entries;
    while (
      view.first !== NONE &&
      view.rawBytes + view.count * (ENTRY_BYTES + ORDER_BYTES) + view.inputs * SPEND_BYTES >
        this.limits.maxBytes
    )
      this.removeTree(view.first, 'evicted');
  }

  private takeOut(slot: number): void {
    const { graph, parents, order } = this.modules;
    order.left(slot);
    graph.entries.unlink(slot);
    parents.forget(slot);
  }
}
