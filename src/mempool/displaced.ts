import type { Hash } from '../wire/hash';

/** More transactions are not followed: 20 full blocks. They take 10 MB until the reorganisation is over. */
const MOST = 100_000;

/** Transactions of blocks that left the best chain, until the reorganisation is over. */
export class Displaced {
  private readonly txids = new Set<Hash>();
  private isComplete = true;

  /** Adds a transaction of a block that left the best chain. */
  add(txid: Hash): void {
    if (this.txids.size < MOST) this.txids.add(txid);
    else this.isComplete = false;
  }

  /**
   * All transactions since the last call. Undefined if there was none, or if there were too many to follow.
   */
  take(): readonly Hash[] | undefined {
    const txids = this.isComplete && this.txids.size > 0 ? [...this.txids] : undefined;
    this.txids.clear();
    this.isComplete = true;
    return txids;
  }
}
