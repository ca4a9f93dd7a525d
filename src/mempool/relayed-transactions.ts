import type { HandleLog, TransactionSource } from '../p2p/compact/transaction-source';
import type { Graph } from './graph';

/** The relayed transactions of the view and of the last blocks; compact blocks are rebuilt from them. */
export class RelayedTransactions implements TransactionSource {
  constructor(private readonly graph: Graph) {}

  get handles(): number {
    return this.graph.entries.slots;
  }

  each(
    visit: (memory: DataView, start: number, handle: number) => boolean,
    from?: number,
    to?: number,
  ): void {
    this.graph.entries.eachRaw(visit, from, to);
  }

  logNew(): HandleLog {
    const { entries } = this.graph;
    const handles = new Set<number>();
    entries.rawLogs.add(handles);
    return { handles, end: () => void entries.rawLogs.delete(handles) };
  }

  size(handle: number): number {
    return this.graph.entries.size(handle);
  }

  copy(handle: number, target: Buffer, at: number): void {
    const { entries, raws } = this.graph;
    raws.copy(entries.raw(handle), entries.size(handle), target, at);
  }
}
