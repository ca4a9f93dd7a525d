import type { Clock } from '../clock';
import type { Connection } from './connection';
import { INV_TX, INV_WITNESS_FLAG, INV_WTX, type InventoryItem } from './messages/inventory';
import { RollingSet } from './rolling-set';

/** How many ids are remembered, two of most transactions: 2 hours of mainnet at least, in 30 MB for both sets when they are full. */
const REMEMBERED = 100_000;

/** The most announcements that wait for their turn; further ones are passed over. 25 s of work at the default rate. */
const MAX_WAITING = 5_000;

/**
 * While some peer announces by wtxid, announcements by txid wait this long: the same transaction is then mostly here
 * before it would be asked for under its other id. Core 31 `src/node/txdownloadman.h` TXID_RELAY_DELAY.
 */
const TXID_DELAY_MS = 2_000;

interface Waiting {
  readonly connection: Connection;
  readonly item: InventoryItem;
  readonly due: number;
}

/**
 * Decides which announced transactions are asked for, and of whom: each once over all peers, the first announcer first,
 * at most `perSecond` a second. What is over the limit waits for its turn, in order, and is counted.
 */
export class TransactionRequests {
  private readonly known = new RollingSet(REMEMBERED);
  private readonly arrived = new RollingSet(REMEMBERED);
  /** Announcements by txid that give the announcement by wtxid time to come first. */
  private delayed: Waiting[] = [];
  /** Announcements over the limit. */
  private waiting: Waiting[] = [];
  private allowance: number;
  private refilled: number;

  constructor(
    private readonly options: { readonly perSecond: number },
    private readonly modules: {
      readonly clock: Clock;
      readonly wtxidPeers: () => boolean;
      readonly rateLimited: (count: number) => void;
    },
  ) {
    this.allowance = options.perSecond;
    this.refilled = modules.clock.monotonicMs();
  }

  /** Takes what a peer announced, passing over what is no transaction; tells how many of them were known. */
  announced(connection: Connection, items: readonly InventoryItem[]): number {
    const now = this.modules.clock.monotonicMs();
    const delay = this.modules.wtxidPeers() ? TXID_DELAY_MS : 0;
    const wanted: Waiting[] = [];
    let known = 0;
    for (const item of items) {
      if (item.type !== INV_TX && item.type !== INV_WTX) continue;
      if (this.known.has(item.hash)) {
        known++;
        continue;
      }
      if (item.type === INV_TX && delay > 0) {
        if (this.delayed.length < MAX_WAITING) this.delayed.push({ connection, item, due: now + delay });
        continue;
      }
      this.known.add(item.hash);
      wanted.push({ connection, item, due: now });
    }
    this.admit(wanted);
    return known;
  }

  /** Notes that a transaction came, under both of its ids; tells whether it came for the first time. */
  received(txid: string, wtxid: string): boolean {
    this.known.add(txid);
    this.known.add(wtxid);
    if (this.arrived.has(wtxid)) return false;
    this.arrived.add(wtxid);
    return true;
  }

  /** Asks for what has waited long enough; to be called several times a second. */
  tick(): void {
    this.request(this.waiting.splice(0, this.allowed()));
    const now = this.modules.clock.monotonicMs();
    let due = 0;
    while ((this.delayed[due]?.due ?? Infinity) <= now) due++;
    const fresh: Waiting[] = [];
    for (const entry of this.delayed.splice(0, due)) {
      if (this.known.has(entry.item.hash)) continue;
      this.known.add(entry.item.hash);
      fresh.push(entry);
    }
    this.admit(fresh);
  }

  /** Asks for as many as the limit allows; the others are counted and wait. */
  private admit(entries: readonly Waiting[]): void {
    const allowed = this.waiting.length > 0 ? 0 : this.allowed();
    this.request(entries.slice(0, allowed));
    const held = entries.slice(allowed);
    if (held.length === 0) return;
    this.modules.rateLimited(held.length);
    this.waiting.push(...held.slice(0, MAX_WAITING - this.waiting.length));
  }

  private request(entries: readonly Waiting[]): void {
    const batches = new Map<Connection, InventoryItem[]>();
    for (const { connection, item } of entries) {
      if (connection.ended) {
        // Another peer may announce it again.
        this.known.delete(item.hash);
        continue;
      }
      const batch = batches.get(connection) ?? [];
      batch.push(requestFor(connection, item));
      batches.set(connection, batch);
      this.allowance -= 1;
    }
    for (const [connection, batch] of batches) connection.request(batch);
  }

  /** Whole requests that may be made now. */
  private allowed(): number {
    const now = this.modules.clock.monotonicMs();
    const { perSecond } = this.options;
    this.allowance = Math.min(perSecond, this.allowance + ((now - this.refilled) / 1_000) * perSecond);
    this.refilled = now;
    return Math.floor(this.allowance);
  }
}

/** Transactions are asked for with their witnesses, of those who claim to have them (BIP144). */
function requestFor(connection: Connection, item: InventoryItem): InventoryItem {
  if (item.type === INV_WTX || !connection.claimsWitness) return item;
  return { type: INV_TX | INV_WITNESS_FLAG, hash: item.hash };
}
