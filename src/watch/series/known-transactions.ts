import { NONE, RecordTable } from '../../lib/record-table';
import type { Hash } from '../../wire/hash';

const HASH_BYTES = 32;

/** The only field of a record: when it was seen last. It is above 0 in every record that is used. */
const SEEN = 0;
const PAYLOAD_BYTES = 8;

/** How long a transaction is remembered that is in the mempool no more. */
const KEPT_MS = 600_000;

/** How often those are looked for that need not be remembered any longer. */
const PRUNE_EVERY_MS = 60_000;

/** The most transactions that are known at once: a mempool of five times the usual limit, in 45 MB. */
const MAX_KNOWN = 1_000_000;

/** The transactions that the mempool of a node has or had shortly before, as far as they were noticed. */
export class KnownTransactions {
  private readonly table = new RecordTable(HASH_BYTES, PAYLOAD_BYTES);
  private readonly key = Buffer.alloc(HASH_BYTES);
  private prunedMs = -Infinity;

  constructor(private readonly nowMs: () => number) {}

  has(txid: Hash): boolean {
    return this.find(txid) !== NONE;
  }

  /** Whether no further one can be remembered. */
  get isFull(): boolean {
    return this.table.size >= MAX_KNOWN;
  }

  /** Notes that a transaction is in the mempool now. Returns whether it was known. */
  see(txid: Hash): boolean {
    const slot = this.find(txid);
    if (slot === NONE) return false;
    this.table.setDouble(slot, SEEN, this.time());
    return true;
  }

  add(txid: Hash): void {
    if (this.see(txid) || this.isFull) return;
    this.key.write(txid, 'latin1');
    this.table.setDouble(this.table.insert(this.key, 0), SEEN, this.time());
  }

  /**
   * Forgets transactions that have not been seen for a while. Call it after a whole list of the mempool.
   * @param sinceMs since when there are lists; nothing is forgotten before `KEPT_MS` have passed
   */
  prune(sinceMs: number): void {
    const now = this.nowMs();
    if (now - this.prunedMs < PRUNE_EVERY_MS || now - sinceMs < KEPT_MS) return;
    this.prunedMs = now;
    const until = this.time() - KEPT_MS;
    for (let slot = 0; slot < this.table.slots; slot++) {
      const seen = this.table.getDouble(slot, SEEN);
      if (seen === 0 || seen >= until) continue;
      this.table.setDouble(slot, SEEN, 0);
      this.table.remove(slot);
    }
  }

  private find(txid: Hash): number {
    this.key.write(txid, 'latin1');
    return this.table.find(this.key, 0);
  }

  /** The time on a clock that begins above 0. */
  private time(): number {
    return this.nowMs() + 1;
  }
}
