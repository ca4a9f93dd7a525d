import { NONE } from '../lib/record-table';
import type { MissingKind, TransactionFates } from '../p2p/compact/transaction-fates';
import { type PolicyName, standardness } from '../policy/standardness';
import type { Transaction } from '../wire/transaction';
import { type CoinCache, SEEN_EVICTED, SEEN_RELAYED, SEEN_REPLACED } from './coin-cache';
import type { Graph } from './graph';

const HASH_BYTES = 32;

/**
 * What became of the transactions that compact blocks name. A transaction that the coin cache has forgotten
 * counts as never relayed.
 */
export class Fates implements TransactionFates {
  private readonly id = Buffer.alloc(HASH_BYTES);

  constructor(
    private readonly policy: PolicyName,
    private readonly modules: { readonly graph: Graph; readonly coins: CoinCache },
  ) {}

  isKept({ wireTxid, wireWtxid }: Transaction): boolean {
    const { entries } = this.modules.graph;
    const slot = entries.find(this.bytesOf(wireTxid));
    return slot !== NONE && entries.raw(slot) !== NONE && entries.wtxid(slot) === wireWtxid;
  }

  whyMissing(transaction: Transaction): MissingKind {
    const seen = this.modules.coins.seen(this.bytesOf(transaction.wireTxid));
    if ((seen & SEEN_RELAYED) === 0)
      return standardness(this.policy, transaction).reason === undefined ? 'unseen' : 'nonstandard';
    if ((seen & SEEN_REPLACED) !== 0) return 'replaced';
    return (seen & SEEN_EVICTED) !== 0 ? 'evicted' : 'other';
  }

  /** The bytes of a hash; good until the next call. */
  private bytesOf(hash: Transaction['wireTxid']): Buffer {
    this.id.write(hash, 'latin1');
    return this.id;
  }
}
