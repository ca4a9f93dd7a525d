import { NONE } from '../lib/record-table';
import type { Hash } from '../wire/hash';
import type { FeeBands } from './fee-bands';
import type { FeeOrder } from './fee-order';
import { BLOCK_VSIZE, type FeeProjection, projectionOf } from './fee-projection';
import type { Graph } from './graph';

/** A transaction of the relay view whose fee is known. */
export interface WaitingTransaction {
  readonly txid: Hash;
  /** In satoshi. */
  readonly fee: number;
  /** In vB. */
  readonly vsize: number;
  /** Feerate of its chunk in sat/vB (`chunksOf`). */
  readonly rate: number;
  /** When it entered the view, on the monotonic clock. */
  readonly arrivedMs: number;
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
    return this.order.template(room).map((slot) => this.at(slot));
  }

  /** What is known of a transaction, by the 32 bytes of its txid; undefined if it does not wait. */
  find(txid: Buffer): WaitingTransaction | undefined {
    const slot = this.graph.entries.find(txid);
    return slot === NONE || !this.order.isOrdered(slot) ? undefined : this.at(slot);
  }

  private at(slot: number): WaitingTransaction {
    const { entries } = this.graph;
    return {
      txid: entries.txid(slot),
      fee: entries.fee(slot) ?? 0,
      vsize: entries.vsize(slot),
      rate: this.order.rate(slot),
      arrivedMs: entries.arrived(slot),
    };
  }
}
