import type { EventBus } from '../../lib/event-bus';
import type { MempoolEvents } from '../../mempool/mempool-events';
import type { Hash } from '../../wire/hash';
import type { MissedCounts } from './missed-counts';

/** The most transactions that wait for their fee at once. */
const MAX_WAITING = 20_000;

interface Waiting {
  readonly size: number;
  readonly vsize: number;
  /** Number of the reading of the mempool that it came before. */
  readonly reading: number;
}

/** The accepted transactions whose fee is to be learnt from the verbose mempool. */
export class WaitingFees {
  private readonly waiting = new Map<Hash, Waiting>();
  private reading = 0;

  constructor(
    private readonly modules: { readonly bus: EventBus<MempoolEvents>; readonly missed: MissedCounts },
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  has(txid: Hash): boolean {
    return this.waiting.has(txid);
  }

  /** Adds an accepted transaction. If too many wait, the oldest one is given up. */
  add(txid: Hash, size: number, vsize: number): void {
    this.waiting.set(txid, { size, vsize, reading: this.reading });
    if (this.waiting.size <= MAX_WAITING) return;
    const [first] = this.waiting.keys();
    if (first !== undefined) this.waiting.delete(first);
    this.modules.missed.add('fees');
  }

  /** The mempool is read from now on. Returns the number of the reading, for `learnt`. */
  begin(): number {
    return this.reading++;
  }

  /**
   * Takes a reading of the mempool, and emits the fees in satoshi. A transaction that came before the reading
   * and is not in it has left the mempool.
   */
  learnt(reading: number, fees: ReadonlyMap<Hash, number>): void {
    for (const [txid, { size, vsize, reading: before }] of this.waiting) {
      const fee = fees.get(txid);
      if (fee === undefined && before > reading) continue;
      this.waiting.delete(txid);
      if (fee === undefined) this.modules.missed.add('fees');
      else this.modules.bus.emit('feeKnown', { txid, fee, size, vsize });
    }
  }
}
