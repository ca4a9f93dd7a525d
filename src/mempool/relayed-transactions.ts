import type { TransactionSource } from '../p2p/compact/transaction-source';
import type { Graph } from './graph';

/** The relayed transactions of the view and of the last blocks; compact blocks are rebuilt from them. */
export class RelayedTransactions implements TransactionSource {
  constructor(private readonly graph: Graph) {}

  each(visit: (memory: DataView, start: number, handle: number) => boolean): void {
    this.graph.entries.eachRaw(visit);
  }

  size(handle: number): number {
    return this.graph.entries.size(handle);
  }

  copy(handle: number, target: Buffer, at: number): void {
    const { entries, raws } = this.graph;
    raws.copy(entries.raw(handle), entries.size(handle), target, at);
  }
}
