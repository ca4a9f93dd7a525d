import { Generations } from '../../lib/generations';
import { DecodeError } from '../../wire/decode-error';
import type { Hash } from '../../wire/hash';
import { type Transaction, parseTransaction } from '../../wire/transaction';
import type { AcceptedTransactions } from './accepted-transactions';
import type { KnownTransactions } from './known-transactions';
import type { MissedCounts } from './missed-counts';
import type { UnreadTransactions } from './unread-transactions';

/** Entries of each generation, transactions and their bytes: as many as two blocks have. */
const MOST = 10_000;
const MOST_BYTES = 8_000_000;

/** Accepted transactions whose bytes are awaited at most. */
const MOST_AWAITED = 10_000;

/** How long the bytes of an accepted transaction are awaited: both come over different connections. */
const AWAITED_MS = 2_000;

/** A transaction that was published. */
interface Published {
  /** On the monotonic clock, in milliseconds. */
  readonly atMs: number;
  /** Undefined where its hash alone was published. */
  readonly bytes: Buffer | undefined;
}

interface Generation {
  readonly transactions: Map<Hash, Published>;
  bytes: number;
}

interface PublishedTransactionsModules {
  readonly accepted: AcceptedTransactions;
  readonly known: KnownTransactions;
  readonly unread: UnreadTransactions;
  readonly missed: MissedCounts;
  /** Receives an accepted transaction, and when the node had it. */
  readonly told: (transaction: Transaction, atMs: number) => void;
}

/**
 * The transactions that Core publishes by ZMQ. It publishes the bytes of each accepted transaction and of
 * each one in a block (`rawtx`), and which ones the mempool accepted (`sequence`). Both together show an
 * accepted one. Without `sequence` the list of the mempool shows it.
 */
export class PublishedTransactions {
  private readonly published = new Generations<Generation>(
    () => ({ transactions: new Map(), bytes: 0 }),
    ({ transactions, bytes }) => transactions.size >= MOST || bytes >= MOST_BYTES,
  );
  /** When those were accepted whose bytes have not come. */
  private readonly awaited = new Map<Hash, number>();

  constructor(private readonly modules: PublishedTransactionsModules) {}

  /** The bytes of a transaction were published. Returns whether they can be read. */
  bytes(bytes: Buffer, atMs: number): boolean {
    const txid = txidOf(bytes);
    if (txid === undefined) return false;
    if (this.modules.accepted.wasTold(txid)) return true;
    const acceptedMs = this.awaited.get(txid);
    this.awaited.delete(txid);
    if (acceptedMs === undefined) this.remember(txid, { atMs, bytes });
    else this.tell(txid, bytes, Math.min(acceptedMs, atMs));
    return true;
  }

  /** The hash of a transaction was published. */
  hash(txid: Hash, atMs: number): void {
    if (!this.modules.accepted.wasTold(txid) && this.find(txid) === undefined)
      this.remember(txid, { atMs, bytes: undefined });
  }

  /**
   * The mempool accepted a transaction.
   * @param hasBytes whether its bytes are published as well
   */
  accepted(txid: Hash, atMs: number, hasBytes: boolean): void {
    const { accepted, known, unread, missed } = this.modules;
    if (accepted.wasTold(txid)) return;
    known.add(txid);
    const found = this.take(txid);
    if (found?.bytes !== undefined) this.tell(txid, found.bytes, Math.min(found.atMs, atMs));
    else if (!hasBytes) unread.add(txid, atMs);
    else if (this.awaited.size >= MOST_AWAITED) missed.add('transactions');
    else this.awaited.set(txid, atMs);
  }

  /** A list of the mempool shows a transaction that is new. */
  listed(txid: Hash): void {
    const found = this.take(txid);
    if (found?.bytes === undefined) this.modules.unread.add(txid, found?.atMs);
    else this.tell(txid, found.bytes, found.atMs);
  }

  /** Has those asked for whose bytes should have come. */
  askForAwaited(nowMs: number): void {
    for (const [txid, atMs] of this.awaited) {
      if (nowMs - atMs < AWAITED_MS) return;
      this.awaited.delete(txid);
      this.modules.unread.add(txid, atMs);
    }
  }

  private tell(txid: Hash, bytes: Buffer, atMs: number): void {
    const transaction = this.modules.accepted.tell(txid, bytes);
    if (transaction !== undefined) this.modules.told(transaction, atMs);
  }

  private remember(txid: Hash, published: Published): void {
    const generation = this.published.forNewEntry();
    generation.transactions.set(txid, published);
    generation.bytes += published.bytes?.length ?? 0;
  }

  private find(txid: Hash): Published | undefined {
    const { young, old } = this.published;
    return young.transactions.get(txid) ?? old.transactions.get(txid);
  }

  private take(txid: Hash): Published | undefined {
    const found = this.find(txid);
    if (found !== undefined)
      for (const generation of [this.published.young, this.published.old])
        if (generation.transactions.delete(txid)) generation.bytes -= found.bytes?.length ?? 0;
    return found;
  }
}

function txidOf(bytes: Buffer): Hash | undefined {
  try {
    return parseTransaction(bytes).wireTxid;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
