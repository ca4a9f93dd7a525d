import type { Clock } from '../../lib/clock';
import type { Hash } from '../../wire/hash';
import type { IdentifiedNode } from '../identify';
import type { KnownTransactions } from './known-transactions';
import { PacedTask } from './paced-task';
import type { PublishedTransactions } from './published-transactions';
import type { UnreadTransactions } from './unread-transactions';
import type { WaitingFees } from './waiting-fees';
import type { WatchPart, WatchTask } from './watch-task';

/** A reading may take this much before the next one is put off. */
const SAVED_MS = 1_000;

interface MempoolReaderModules {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly known: KnownTransactions;
  readonly fees: WaitingFees;
  readonly unread: UnreadTransactions;
  readonly published: PublishedTransactions;
  /** Whether Core tells by itself what it accepts, as btcd does. */
  readonly isTelling: () => boolean;
  readonly warn: (message: string) => void;
}

/**
 * Reads the mempool of a node. At the start it reads the mempool with all fees; these transactions were
 * accepted before, so they are not emitted. Later it reads the txids, to find new transactions: after a gap
 * if the node has notifications, and once an interval if it has none. It also reads all fees if accepted
 * transactions wait for them. A reading that took two seconds is not repeated within 30 seconds, so a large
 * mempool is read seldom and a small one at each interval.
 */
export class MempoolReader implements WatchPart {
  readonly name = 'transactions of the watched node';
  readonly tasks: readonly WatchTask[];
  private hasBegun = false;
  private isResyncWanted = false;
  /** Since when lists can be relied on: after a restart Core loads its mempool again. */
  private reliableMs = -Infinity;
  private hasWarned = false;
  private count: number | undefined;

  constructor(private readonly modules: MempoolReaderModules) {
    const { clock, fees, unread } = modules;
    this.tasks = [
      new PacedTask(
        'getrawmempool',
        {
          clock,
          every: 'interval',
          share: 1 / 30,
          savedMs: SAVED_MS,
          isWanted: () => !this.hasBegun || fees.size > 0,
        },
        (node) => this.read(node),
      ),
      new PacedTask(
        'getrawmempool',
        {
          clock,
          every: 'interval',
          share: 0.025,
          savedMs: SAVED_MS,
          isWanted: (node) => this.isListWanted(node),
        },
        (node) => this.list(node),
      ),
      unread,
    ];
  }

  /** How many transactions the mempool had when it was read last. */
  get listed(): number | undefined {
    return this.count;
  }

  /** Something may have been missed. */
  resync(): void {
    this.isResyncWanted = true;
    this.reliableMs = this.modules.clock.monotonicMs();
  }

  forget(): void {
    this.count = undefined;
  }

  /** Whether the txids are needed. A node that reports new transactions usually gives the count as well. */
  private isListWanted(node: IdentifiedNode | undefined): boolean {
    if (!this.hasBegun || node === undefined) return false;
    return this.isResyncWanted || !this.isTold(node) || node.calls.refused.includes('getmempoolinfo');
  }

  private isTold({ kind }: IdentifiedNode): boolean {
    return kind === 'btcd' || this.modules.isTelling();
  }

  private async list(node: IdentifiedNode): Promise<void> {
    const { known, published } = this.modules;
    const isResync = this.isResyncWanted;
    this.isResyncWanted = false;
    const fresh: Hash[] = [];
    let count: number | undefined;
    try {
      count = await node.calls.eachMempoolTxid(() => {
        fresh.length = 0;
        return (txid) => {
          if (!known.see(txid)) fresh.push(txid);
        };
      });
    } catch (error) {
      this.isResyncWanted ||= isResync;
      throw error;
    }
    if (count === undefined) return;
    this.count = count;
    known.prune(this.reliableMs);
    // The notification of what is new may be on its way.
    if (this.isTold(node) && !isResync) return;
    for (const txid of fresh) {
      if (known.isFull) this.warnFull();
      known.add(txid);
      if (!known.isFull) published.listed(txid);
    }
  }

  private async read({ calls }: IdentifiedNode): Promise<void> {
    const { known, fees } = this.modules;
    const found = new Map<Hash, number>();
    const reading = fees.begin();
    const isFirst = !this.hasBegun;
    const count = await calls.mempoolEntries(() => {
      found.clear();
      return ({ txid, fee }) => {
        if (isFirst) known.add(txid);
        else known.see(txid);
        if (fee !== undefined && fees.has(txid)) found.set(txid, fee);
      };
    });
    this.hasBegun = true;
    if (count === undefined) return;
    this.count = count;
    fees.learnt(reading, found);
    if (!isFirst) known.prune(this.reliableMs);
  }

  private warnFull(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.modules.warn('the mempool of the node has more transactions than can be followed');
  }
}
