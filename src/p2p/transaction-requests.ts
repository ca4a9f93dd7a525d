import type { Clock } from '../clock';
import type { Connection } from './connection';
import { INV_TX, INV_WITNESS_FLAG, INV_WTX, type InventoryItem } from './messages/inventory';
import { RollingHashes } from './rolling-hashes';
import { RollingSet } from './rolling-set';

/** How many ids are remembered, two of most transactions: 2 hours of mainnet at least, in 16 MB for both sets when they are full. */
const REMEMBERED = 100_000;

/** The most announcements of one peer that wait for their turn; further ones are passed over. 25 s of work at the default rate. */
const MAX_WAITING = 5_000;

/**
 * While some peer announces by wtxid, announcements by txid wait this long: the same transaction is then mostly here
 * before it would be asked for under its other id. Core 31 `src/node/txdownloadman.h` TXID_RELAY_DELAY.
 */
const TXID_DELAY_MS = 2_000;

/**
 * A peer that has not sent a transaction after this long is passed over for another that announced it. Core 31
 * `src/node/txdownloadman.h` GETDATA_TX_INTERVAL.
 */
const TIMEOUT_MS = 60_000;

/** The most further announcers of a transaction that are remembered. */
const MAX_OTHERS = 8;

/** How many ids are remembered that nobody gave: a minute of them at the default rate. */
const MAX_MISSED = 12_000;

/** One announcement of one peer. */
interface Announcement {
  readonly connection: Connection;
  readonly item: InventoryItem;
}

/** A transaction that is wanted: it waits, or was asked for and has not come. */
interface Wanted extends Announcement {
  /** Who announced it, too. */
  readonly others: Announcement[];
  /** When it was asked for; undefined while it waits. */
  askedAt?: number;
}

/** What waits for one peer's sake. */
interface Line {
  /** Announcements by txid that give the announcement by wtxid time to come first. */
  readonly delayed: { readonly wanted: Wanted; readonly due: number }[];
  /** Announcements over the limit. */
  readonly waiting: Wanted[];
}

/**
 * Decides which announced transactions are asked for, and of whom: each once over all peers, the first announcer first, the
 * next where that one fails, at most `perSecond` a second. What is over the limit waits for its turn and is counted. Each peer
 * has a line of its own, and the lines share the limit evenly, so that one peer's flood holds up that peer alone.
 */
export class TransactionRequests {
  private readonly known = new RollingHashes(REMEMBERED);
  private readonly arrived = new RollingHashes(REMEMBERED);
  private readonly wanted = new Map<string, Wanted>();
  /** What nobody gave who had announced it: the next announcer is asked. */
  private readonly missed = new RollingSet(MAX_MISSED);
  private readonly lines = new Map<Connection, Line>();
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
    const { delayed } = this.lineOf(connection);
    const fresh: Wanted[] = [];
    let known = 0;
    for (const item of items) {
      if (item.type !== INV_TX && item.type !== INV_WTX) continue;
      const wanted = this.wanted.get(item.hash);
      if (wanted !== undefined) {
        known++;
        if (isSooner(item, wanted)) fresh.push(this.want({ connection, item }, [wanted, ...wanted.others]));
        else noteOther(wanted, { connection, item });
      } else if (this.known.has(item.hash)) {
        known++;
        if (this.missed.has(item.hash)) fresh.push(this.want({ connection, item }));
      } else if (item.type === INV_WTX || delay === 0) {
        fresh.push(this.want({ connection, item }));
      } else if (delayed.length < MAX_WAITING) {
        delayed.push({ wanted: this.want({ connection, item }), due: now + delay });
      }
    }
    this.admit(connection, fresh);
    return known;
  }

  /** Notes that a transaction came, under both of its ids; tells whether it came for the first time. */
  received(txid: string, wtxid: string): boolean {
    for (const id of [txid, wtxid]) {
      this.known.add(id);
      this.wanted.delete(id);
    }
    if (this.arrived.has(wtxid)) return false;
    this.arrived.add(wtxid);
    return true;
  }

  /** Whether a transaction came. */
  hasArrived(wtxid: string): boolean {
    return this.arrived.has(wtxid);
  }

  /** Takes a peer's word that it does not have what it was asked for. */
  notFound(connection: Connection, items: readonly InventoryItem[]): void {
    for (const { hash } of items) {
      const wanted = this.wanted.get(hash);
      if (wanted?.connection === connection && wanted.askedAt !== undefined) this.passOver(wanted);
    }
    this.takeTurns();
  }

  /** Asks for what has waited long enough, and others where one has failed; to be called several times a second. */
  tick(): void {
    const now = this.modules.clock.monotonicMs();
    for (const wanted of this.wanted.values()) {
      const { connection, askedAt } = wanted;
      if (connection.ended || (askedAt !== undefined && now - askedAt > TIMEOUT_MS)) this.passOver(wanted);
    }
    for (const [connection, { delayed, waiting }] of this.lines)
      if (connection.ended || (delayed.length === 0 && waiting.length === 0)) this.lines.delete(connection);
    this.takeTurns();
    for (const [connection, { delayed }] of this.lines) {
      let due = 0;
      while ((delayed[due]?.due ?? Infinity) <= now) due++;
      const fresh = delayed.splice(0, due).map(({ wanted }) => wanted);
      this.admit(
        connection,
        fresh.filter((wanted) => this.isWanted(wanted)),
      );
    }
  }

  /** Gives each line its share of what the limit allows now; what the short ones leave goes to the long ones. */
  private takeTurns(): void {
    const lines = [...this.lines.values()].filter(({ waiting }) => waiting.length > 0);
    lines.sort((a, b) => a.waiting.length - b.waiting.length);
    let allowed = this.allowed();
    for (const [i, { waiting }] of lines.entries()) {
      const turn = waiting.splice(0, Math.ceil(allowed / (lines.length - i)));
      // What has come meanwhile needs no asking.
      const asked = turn.filter((wanted) => this.isWanted(wanted));
      allowed -= asked.length;
      this.request(asked);
    }
  }

  /** Asks a peer for as much as the limit allows; the rest is counted and waits in the peer's line. */
  private admit(connection: Connection, fresh: readonly Wanted[]): void {
    if (fresh.length === 0) return;
    const { waiting } = this.lineOf(connection);
    const allowed = waiting.length > 0 ? 0 : this.allowed();
    this.request(fresh.slice(0, allowed));
    const held = fresh.slice(allowed);
    if (held.length === 0) return;
    this.modules.rateLimited(held.length);
    const room = MAX_WAITING - waiting.length;
    waiting.push(...held.slice(0, room));
    for (const wanted of held.slice(room)) this.giveUp(wanted);
  }

  /** Asks one peer. */
  private request(batch: readonly Wanted[]): void {
    const [first] = batch;
    if (first === undefined) return;
    const now = this.modules.clock.monotonicMs();
    this.allowance -= batch.length;
    for (const wanted of batch) wanted.askedAt = now;
    first.connection.request(batch.map(({ connection, item }) => requestFor(connection, item)));
  }

  private want(announcement: Announcement, announcers: readonly Announcement[] = []): Wanted {
    const others = announcers.slice(0, MAX_OTHERS).map(({ connection, item }) => ({ connection, item }));
    const wanted = { ...announcement, others };
    const { hash } = announcement.item;
    this.known.add(hash);
    this.missed.delete(hash);
    this.wanted.set(hash, wanted);
    return wanted;
  }

  /** Whether it has neither come nor been passed over meanwhile. */
  private isWanted(wanted: Wanted): boolean {
    return this.wanted.get(wanted.item.hash) === wanted;
  }

  /** Gives a transaction up, until somebody announces it again. */
  private giveUp({ item }: Wanted): void {
    this.wanted.delete(item.hash);
    this.missed.add(item.hash);
  }

  /** Turns to the next announcer of a transaction, at the end of its line. */
  private passOver(wanted: Wanted): void {
    const [next, ...rest] = wanted.others.filter(
      ({ connection }) => !connection.ended && this.lineOf(connection).waiting.length < MAX_WAITING,
    );
    this.giveUp(wanted);
    if (next !== undefined) this.lineOf(next.connection).waiting.push(this.want(next, rest));
  }

  private lineOf(connection: Connection): Line {
    const line = this.lines.get(connection) ?? { delayed: [], waiting: [] };
    this.lines.set(connection, line);
    return line;
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

/** Whether what waits for its announcement by wtxid waits for this one: without witness both ids are one. */
function isSooner(item: InventoryItem, wanted: Wanted): boolean {
  return wanted.askedAt === undefined && wanted.item.type === INV_TX && item.type === INV_WTX;
}

/** Notes who announced a transaction, too. */
function noteOther(wanted: Wanted, announcement: Announcement): void {
  const { others } = wanted;
  const isNew = [wanted, ...others].every(({ connection }) => connection !== announcement.connection);
  if (isNew && others.length < MAX_OTHERS) others.push(announcement);
}

/** Transactions are asked for with their witnesses, of those who claim to have them (BIP144). */
function requestFor(connection: Connection, item: InventoryItem): InventoryItem {
  if (item.type === INV_WTX || !connection.claimsWitness) return item;
  return { type: INV_TX | INV_WITNESS_FLAG, hash: item.hash };
}
