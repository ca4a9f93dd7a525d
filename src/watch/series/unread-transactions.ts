import type { Clock } from '../../lib/clock';
import type { Hash } from '../../wire/hash';
import type { IdentifiedNode } from '../identify';
import { isOfOneCall } from '../rpc-failure';
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
}

/**
 * Transactions that a list of the mempool showed, and whose bytes are asked for one by one
 * (getrawtransaction): those of Core, and those of btcd that a gap has missed.
 */
export class UnreadTransactions implements WatchTask {
  readonly method = 'getrawtransaction';
  private readonly waiting = new Set<Hash>();
  private readonly budget = new CallBudget(BUDGET);

  constructor(private readonly modules: UnreadTransactionsModules) {}

  add(txid: Hash): void {
    if (this.modules.accepted.wasTold(txid) || this.waiting.has(txid)) return;
    if (this.waiting.size >= MAX_WAITING) this.modules.missed.add('transactions');
    else this.waiting.add(txid);
  }

  dueInMs(nowMs: number): number {
    return this.waiting.size === 0 ? Infinity : this.budget.waitMs(nowMs);
  }

  async run({ calls }: IdentifiedNode): Promise<void> {
    const { accepted, clock, missed } = this.modules;
    const [txid] = this.waiting;
    if (txid === undefined) return;
    if (accepted.wasTold(txid)) {
      this.waiting.delete(txid);
      return;
    }
    const beganMs = clock.monotonicMs();
    try {
      const bytes = await calls.transactionBytes(txid);
      this.waiting.delete(txid);
      if (bytes === undefined || bytes === null) missed.add('transactions');
      else accepted.tell(txid, bytes);
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
