import type { Clock } from '../../lib/clock';
import { RollingHashes } from '../../lib/rolling-hashes';
import type { Judge } from '../../mempool/judge';
import { DecodeError } from '../../wire/decode-error';
import type { Hash } from '../../wire/hash';
import { type Transaction, parseTransaction } from '../../wire/transaction';
import type { KnownTransactions } from './known-transactions';
import type { MissedCounts } from './missed-counts';
import type { WaitingFees } from './waiting-fees';

/** The number of emitted transactions that are remembered: two hours of mainnet. */
const TOLD = 50_000;

interface AcceptedTransactionsModules {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly judge: Judge;
  readonly known: KnownTransactions;
  readonly fees: WaitingFees;
  readonly missed: MissedCounts;
}

/**
 * The transactions that a node accepted into its mempool. Each is emitted once: judged by the relay policy,
 * for `tx`, and waiting for its fee.
 */
export class AcceptedTransactions {
  private readonly told = new RollingHashes(TOLD);

  constructor(private readonly modules: AcceptedTransactionsModules) {}

  wasTold(txid: Hash): boolean {
    return this.told.has(txid);
  }

  /** Emits a transaction. Returns it, or undefined if it was emitted before or its bytes can't be read. */
  tell(txid: Hash, bytes: Buffer | undefined): Transaction | undefined {
    const { clock, judge, known, fees, missed } = this.modules;
    if (this.told.has(txid)) return undefined;
    const receivedMs = clock.monotonicMs();
    const transaction = bytes === undefined ? undefined : readOrNone(bytes);
    this.told.add(txid);
    known.add(txid);
    if (transaction?.wireTxid !== txid) {
      missed.add('transactions');
      return undefined;
    }
    fees.add(txid, transaction.size, transaction.vsize);
    judge.judge(transaction, undefined, receivedMs);
    return transaction;
  }
}

function readOrNone(bytes: Buffer): Transaction | undefined {
  try {
    return parseTransaction(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
