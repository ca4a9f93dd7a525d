import type { Hash } from '../wire/hash';
import type { Entries } from './entries';
import type { FeeBands } from './fee-bands';
import type { FeeOrder } from './fee-order';
import { BLOCK_VSIZE, type FeeProjection, projectionOf } from './fee-projection';
import type { Graph } from './graph';

/** A transaction of the relay view whose fee is known, as it was when it was asked for. */
export class WaitingTransaction {
  constructor(
    private readonly entries: Entries,
    /** Its place in the view, which no other one has while it waits. */
    readonly slot: number,
    /** In satoshi. */
    readonly fee: number,
    /** In vB. */
    readonly vsize: number,
    /** Feerate of its chunk in sat/vB (`chunksOf`). */
    readonly rate: number,
    /** When it entered the view, on the monotonic clock. */
    readonly arrivedMs: number,
  ) {}

  /** To be asked while it waits. */
  get txid(): Hash {
    return this.entries.txid(this.slot);
  }
}

/** The transactions of the relay view in the order in which a miner takes them. */
export class WaitingTransactions {
  constructor(
    private readonly graph: Graph,
    private readonly order: FeeOrder,
  ) {}

  /** The view by feerate, as the page shows it. It changes nothing, so that it may be asked at any time. */
  bands(): FeeBands {
    return this.order.sums.bands();
  }

  /** The view by feerate, and the blocks that it would fill. To be asked when events of the run say so. */
  fees(): FeeProjection {
    this.order.settle();
    return projectionOf(this.order.sums);
  }

  /** The transactions of the next block, in their order. To be asked when events of the run say so. */
  template(room = BLOCK_VSIZE): WaitingTransaction[] {
    this.order.settle();
    return this.order.template(room).map((slot) => this.known(slot));
  }

  /** What is known of an entry; undefined unless it waits with a known fee. */
  at(slot: number): WaitingTransaction | undefined {
    return this.order.isOrdered(slot) ? this.known(slot) : undefined;
  }

  private known(slot: number): WaitingTransaction {
    const { entries } = this.graph;
    const fee = entries.fee(slot) ?? 0;
    const rate = this.order.rate(slot);
    return new WaitingTransaction(entries, slot, fee, entries.vsize(slot), rate, entries.arrived(slot));
  }
}
