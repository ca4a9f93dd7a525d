import type { Clock } from '../../lib/clock';
import type { Hash } from '../../wire/hash';
import type { IdentifiedNode } from '../identify';
import { isOfOneCall } from '../rpc-failure';
import type { Transaction } from '../../wire/transaction';
import type { AcceptedTransactions } from './accepted-transactions';
import { CallBudget } from './call-budget';
import type { MissedCounts } from './missed-counts';
import type { WatchTask } from './watch-task';

/** The most transactions that wait to be asked for. */
const MAX_WAITING = 10_000;

/** Time of the calls: 1.2 s a minute, and more at once after a gap. */
const BUDGET = { perMinuteMs: 1_200, mostMs: 10_000 };

interface UnreadTransactionsModules {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly accepted: AcceptedTransactions;
  readonly missed: MissedCounts;
  /** Receives an accepted transaction, and when the node published it. */
  readonly told: (transaction: Transaction, atMs: number) => void;
}

/**
 * Transactions from a list of the mempool. Their bytes are requested one by one (getrawtransaction): those of
 * Core, and those of btcd that a gap has missed.
 */
export class UnreadTransactions implements WatchTask {
  readonly method = 'getrawtransaction';
  /** When the node had them, where it published that: on the monotonic clock, in milliseconds. */
  private readonly waiting = new Map<Hash, number | undefined>();
  private readonly budget = new CallBudget(BUDGET);

  constructor(private readonly modules: UnreadTransactionsModules) {}

  add(txid: Hash, atMs?: number): void {
    if (this.modules.accepted.wasTold(txid) || this.waiting.has(txid)) return;
    if (this.waiting.size >= MAX_WAITING) this.modules.missed.add('transactions');
    else this.waiting.set(txid, atMs);
  }

  dueInMs(nowMs: number): number {
    return this.waiting.size === 0 ? Infinity : this.budget.waitMs(nowMs);
  }

  async run({ calls }: IdentifiedNode): Promise<void> {
    const { accepted, clock, missed, told } = this.modules;
    const [first] = this.waiting;
    if (first === undefined) return;
    const [txid, atMs] = first;
    if (accepted.wasTold(txid)) {
      this.waiting.delete(txid);
      return;
    }
    const beganMs = clock.monotonicMs();
    try {
      const bytes = await calls.transactionBytes(txid);
      this.waiting.delete(txid);
      if (bytes === undefined || bytes === null) missed.add('transactions');
      else {
        const transaction = accepted.tell(txid, bytes);
        if (transaction !== undefined && atMs !== undefined) told(transaction, atMs);
      }
    } catch (error) {
      if (isOfOneCall(error)) {
        this.waiting.delete(txid);
        missed.add('transactions');
      }
      throw error;
    } finally {
      this.budget.spend(clock.monotonicMs() - beganMs, clock.monotonicMs());
    }
  }
}
