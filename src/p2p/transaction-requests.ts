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

/** A peer that has not sent a transaction after this long is passed over for another that announced it: Core 31's GETDATA_TX_INTERVAL. */
const TIMEOUT_MS = 60_000;

/** The most transactions that may be under way at once; of further ones a failure is not noticed. A minute of them at the default rate. */
const MAX_PENDING = 12_000;

/** The most peers that are remembered as able to give one transaction. */
const MAX_OTHERS = 8;

interface Pending {
  readonly item: InventoryItem;
  /** Who has announced it and was not asked yet. */
  readonly others: Connection[];
  asked: Connection;
  askedAt: number;
}

interface Waiting {
  readonly connection: Connection;
  readonly item: InventoryItem;
  readonly due: number;
}

/**
 * Decides which announced transactions are asked for, and of whom: of the first announcer, and of the next where that fails; at
 * most `perSecond` a second, further announcers after a failure aside. What is over the limit waits for its turn, in order, and
 * is counted.
 */
export class TransactionRequests {
  private readonly known = new RollingSet(REMEMBERED);
  private readonly arrived = new RollingSet(REMEMBERED);
  /** What was asked for and has not come, the longest under way first. */
  private readonly pending = new Map<string, Pending>();
  /** What nobody gave who had announced it: the next announcer is asked. */
  private readonly missed = new RollingSet(MAX_PENDING);
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
        if (this.mayHelp(connection, item.hash)) wanted.push({ connection, item, due: now });
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
    this.pending.delete(txid);
    this.pending.delete(wtxid);
    if (this.arrived.has(wtxid)) return false;
    this.arrived.add(wtxid);
    return true;
  }

  /** Takes a peer's word that it does not have what it was asked for. */
  notFound(connection: Connection, items: readonly InventoryItem[]): void {
    for (const { hash } of items) {
      const pending = this.pending.get(hash);
      if (pending?.asked === connection) this.askNext(pending);
    }
  }

  /** Asks for what has waited long enough, and others where a peer is gone or silent; to be called several times a second. */
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
    for (const pending of this.pending.values())
      if (pending.asked.ended || now - pending.askedAt > TIMEOUT_MS) this.askNext(pending);
  }

  /** Whether a peer that announces what is known is to be asked for it at once; it is noted where another one was asked. */
  private mayHelp(connection: Connection, hash: string): boolean {
    const pending = this.pending.get(hash);
    if (pending !== undefined) {
      const { asked, others } = pending;
      if (asked !== connection && others.length < MAX_OTHERS && !others.includes(connection))
        others.push(connection);
      return false;
    }
    if (!this.missed.has(hash)) return false;
    this.missed.delete(hash);
    return true;
  }

  private askNext(pending: Pending): void {
    const { item, others } = pending;
    // Behind those that were asked since.
    this.pending.delete(item.hash);
    for (let next = others.shift(); next !== undefined; next = others.shift()) {
      if (next.ended) continue;
      pending.asked = next;
      pending.askedAt = this.modules.clock.monotonicMs();
      this.pending.set(item.hash, pending);
      next.request([requestFor(next, item)]);
      return;
    }
    this.missed.add(item.hash);
  }

  /** Asks for as many as the limit allows; the others are counted and wait. */
  private admit(entries: readonly Waiting[]): void {
    const allowed = this.waiting.length > 0 ? 0 : this.allowed();
    this.request(entries.slice(0, allowed));
    const held = entries.slice(allowed);
    if (held.length === 0) return;
    this.modules.rateLimited(held.length);
    const room = MAX_WAITING - this.waiting.length;
    this.waiting.push(...held.slice(0, room));
    for (const { item } of held.slice(room)) this.missed.add(item.hash);
  }

  private request(entries: readonly Waiting[]): void {
    const batches = new Map<Connection, InventoryItem[]>();
    const askedAt = this.modules.clock.monotonicMs();
    for (const { connection, item } of entries) {
      if (connection.ended) {
        this.missed.add(item.hash);
        continue;
      }
      if (this.pending.size < MAX_PENDING)
        this.pending.set(item.hash, { item, others: [], asked: connection, askedAt });
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
