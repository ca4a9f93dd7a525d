import type { EventBus } from '../lib/event-bus';
import type { Hash } from '../wire/hash';
import type { Transaction } from '../wire/transaction';
import type { Entries } from './entries';
import type { MempoolEvents, RemovalReason, Replacement } from './mempool-events';
import type { ConflictingEntry } from './conflicts';

export interface ReporterModules {
  readonly entries: Entries;
  readonly bus: EventBus<MempoolEvents>;
}

/** What a transaction replaced. */
export type Replaced = Pick<Replacement, 'replaced' | 'waitedMs' | 'evicted'>;

/** Emits the events of the relay view, and the fee of each transaction at most once. */
export class Reporter {
  constructor(private readonly modules: ReporterModules) {}

  /** A transaction that was never relayed before is in the view. */
  accepted(slot: number, { wireTxid: txid, size, vsize }: Transaction): void {
    this.modules.bus.emit('accepted', { txid, size, vsize });
    this.modules.entries.setAwaitsFee(slot, true);
    this.fee(slot);
  }

  /**
   * A transaction was relayed for the first time and does not join the view. Its fee is reported now if it is
   * known, and otherwise never.
   */
  feeAtOnce({ wireTxid: txid, size, vsize }: Transaction, fee: number | undefined): void {
    if (fee !== undefined) this.modules.bus.emit('feeKnown', { txid, fee, size, vsize });
  }

  /** Emits the fee of an entry if it is known now. */
  fee(slot: number): void {
    const { entries, bus } = this.modules;
    const fee = entries.fee(slot);
    if (fee === undefined || !entries.awaitsFee(slot)) return;
    entries.setAwaitsFee(slot, false);
    const txid = entries.txid(slot);
    bus.emit('feeKnown', { txid, fee, size: entries.size(slot), vsize: entries.vsize(slot) });
  }

  /** A transaction with this fee arrived for the first time and has rivals. */
  conflicts(
    { wireTxid: txid }: Transaction,
    fee: number | undefined,
    rivals: readonly ConflictingEntry[],
  ): void {
    const { entries, bus } = this.modules;
    for (const { input, slot } of rivals)
      bus.emit('conflict', {
        txid,
        conflictsWith: entries.txid(slot),
        prevTxid: input.wirePrevTxid,
        prevIndex: input.prevIndex,
        fee,
        otherFee: entries.fee(slot),
      });
  }

  /** A reorganisation is over. */
  reorganised(outcome: MempoolEvents['reorganised']): void {
    this.modules.bus.emit('reorganised', outcome);
  }

  /** A transaction replaced others. */
  replacement({ wireTxid: txid, vsize }: Transaction, fee: number | undefined, replaced: Replaced): void {
    this.modules.bus.emit('replacement', { txid, fee, vsize, ...replaced });
  }

  /** Reports that a transaction left the view. */
  removed(txid: Hash, reason: RemovalReason): void {
    this.modules.bus.emit('removed', { txid, reason });
  }
}
