import type { Clock } from '../lib/clock';
import { RollingHashes } from '../lib/rolling-hashes';
import type { Hash } from '../wire/hash';
import { INV_TX, INV_WITNESS_FLAG, INV_WTX, type InventoryItem } from '../wire/messages/inventory';
import { Announcement, type Announcer, type WantedTransaction } from './announcement';
import { Announcers } from './announcers';
import { Candidates } from './candidates';
import type { Connection } from './connection';
import { Deadlines } from './deadlines';
import { RequestQueues } from './request-queues';

/**
 * How many ids of received transactions are remembered at least; most transactions have two. That is at least
 * 2 hours of mainnet, in 16 MB when full.
 */
const REMEMBERED = 200_000;

/** How many ids are remembered that no announcer delivered: a minute of them at the default rate. */
const MAX_MISSED = 12_000;

/**
 * A peer that has not sent a transaction after this time is passed over for another announcer. Core 31
 * `src/node/txdownloadman.h` GETDATA_TX_INTERVAL.
 */
const TIMEOUT_MS = 60_000;

/**
 * After this time an announcer of higher rank is asked as well. Core waits for the timeout, so that a peer
 * that announces first and never delivers delays each transaction by a minute.
 */
const OVERDUE_MS = 2_000;

export interface TransactionRequestsModules {
  readonly clock: Clock;
  /** Receives how many announced transactions the limits delay or drop. */
  readonly rateLimited: (count: number) => void;
}

/**
 * Decides which announced transactions are requested, and from which peer (Core 31 `src/txrequest.h`). Each
 * is requested from one announcer, and from the next one if that fails, at most `perSecond` in a second.
 * Peers that we dialled come before peers that dialled us. A peer that let many requests lapse is asked last.
 * All announcers of a transaction are remembered, and the announcements of each peer are bounded.
 */
export class TransactionRequests {
  /** Both ids of the received transactions. */
  private readonly arrived = new RollingHashes<Hash>(REMEMBERED);
  /** Ids that no announcer delivered. They count as known, and are requested from the next announcer. */
  private readonly missed = new RollingHashes<Hash>(MAX_MISSED);
  private readonly wanted = new Map<Hash, WantedTransaction>();
  private readonly announcers: Announcers;
  private readonly delayed = new Deadlines<Announcement>();
  private readonly asked = new Deadlines<Announcement>();
  private readonly overdue = new Deadlines<Announcement>();
  private readonly queues: RequestQueues;

  constructor(
    options: { readonly perSecond: number },
    private readonly modules: TransactionRequestsModules,
  ) {
    this.announcers = new Announcers(() => modules.clock.monotonicMs());
    this.queues = new RequestQueues(options.perSecond, {
      monotonicMs: () => modules.clock.monotonicMs(),
      serve: (peer, most) => this.serve(peer, most),
    });
  }

  /** Notes that the handshake of a peer is complete. */
  connected(connection: Connection): void {
    this.announcers.connected(connection);
  }

  /** Forgets a peer that is gone, and asks others for its transactions in flight. */
  ended(connection: Connection): void {
    const peer = this.announcers.remove(connection);
    if (peer === undefined) return;
    for (const announcement of peer.announcements.values()) {
      announcement.become('done');
      announcement.leaveTransaction();
      this.moveOnFrom(announcement);
    }
    this.queues.takeTurns();
  }

  /**
   * Takes the announcements of a peer and ignores all but transactions. Returns how many were known before.
   */
  announced(connection: Connection, items: readonly InventoryItem[]): number {
    if (connection.ended) return 0;
    const now = this.modules.clock.monotonicMs();
    const peer = this.announcers.of(connection);
    const most = this.announcers.maxAnnouncements(peer);
    const delay = this.announcers.delayMs(peer);
    const { txidDelayMs } = this.announcers;
    const fresh: Announcement[] = [];
    let known = 0;
    let over = 0;
    for (const { type, hash } of items) {
      if (type !== INV_TX && type !== INV_WTX) continue;
      let transaction = this.wanted.get(hash);
      if (transaction !== undefined) {
        known++;
        if (peer.announcements.has(hash)) continue;
      } else if (this.arrived.has(hash)) {
        known++;
        continue;
      } else if (this.missed.has(hash)) {
        known++;
      }
      if (peer.announcements.size >= most) {
        over++;
        if (transaction === undefined) this.missed.add(hash);
        continue;
      }
      transaction ??= this.want(hash);
      const announcement = new Announcement(transaction, peer, type);
      const wait = type === INV_TX ? delay + txidDelayMs : delay;
      if (wait > 0) this.delayed.add(announcement, now, wait);
      else if (this.enqueue(announcement)) fresh.push(announcement);
    }
    if (fresh.length > 0) this.queues.serveAtOnce(peer);
    this.countLimited(fresh, over);
    return known;
  }

  /** Notes that a transaction came, under both of its ids. Returns whether it came for the first time. */
  received(txid: Hash, wtxid: Hash, connection: Connection): boolean {
    const first = !this.arrived.has(wtxid);
    this.arrive(txid, connection);
    if (wtxid !== txid) this.arrive(wtxid, connection);
    return first;
  }

  /** Whether a transaction has come. */
  hasArrived(wtxid: Hash): boolean {
    return this.arrived.has(wtxid);
  }

  /** Takes a `notfound`: the peer does not have what it was asked for. */
  notFound(connection: Connection, items: readonly InventoryItem[]): void {
    const peer = this.announcers.get(connection);
    if (peer === undefined) return;
    for (const { hash } of items) {
      const announcement = peer.announcements.get(hash);
      if (announcement?.isInFlight === true) this.lapse(announcement);
    }
    this.queues.takeTurns();
  }

  /**
   * Asks for transactions whose delay has passed, and asks the next announcer if a peer has failed; to be
   * called several times a second.
   */
  tick(): void {
    const now = this.modules.clock.monotonicMs();
    const fresh: Announcement[] = [];
    this.delayed.takeDue(now, (announcement) => {
      if (this.enqueue(announcement)) fresh.push(announcement);
    });
    this.asked.takeDue(now, (announcement) => {
      announcement.become('overdue');
      this.overdue.add(announcement, announcement.due, TIMEOUT_MS - OVERDUE_MS);
      const next = announcement.transaction.standby?.best();
      if (next != null && this.mayAsk(next)) this.queues.add(next, true);
    });
    this.overdue.takeDue(now, (announcement) => this.lapse(announcement));
    this.queues.takeTurns();
    this.countLimited(fresh, 0);
  }

  /** Asks a peer for at most `most` transactions of its queue. Returns for how many. */
  private serve(peer: Announcer, most: number): number {
    const now = this.modules.clock.monotonicMs();
    const batch: InventoryItem[] = [];
    for (let { first } = peer.queue; first !== null && batch.length < most; { first } = peer.queue) {
      if (!this.mayAsk(first)) {
        this.standBy(first);
        continue;
      }
      first.become('asked');
      first.transaction.asked = first;
      this.asked.add(first, now, OVERDUE_MS);
      batch.push(requestFor(peer.connection, first));
    }
    if (batch.length > 0) peer.connection.request(batch);
    return batch.length;
  }

  /** Whether no peer is being asked for the transaction, or one of lower rank that is overdue. */
  private mayAsk({ transaction: { asked }, rank }: Announcement): boolean {
    return asked === null || (asked.state === 'overdue' && rank > asked.rank);
  }

  /** Queues an announcement whose delay is over, or makes it a candidate. Returns whether it was queued. */
  private enqueue(announcement: Announcement): boolean {
    const queued = this.mayAsk(announcement);
    if (queued) this.queues.add(announcement);
    else this.standBy(announcement);
    return queued;
  }

  private standBy(announcement: Announcement): void {
    announcement.become('standby');
    (announcement.transaction.standby ??= new Candidates()).add(announcement);
  }

  /** Counts the transactions that the limits delay, each once, and those that they drop. */
  private countLimited(fresh: readonly Announcement[], over: number): void {
    let count = over;
    for (const { state, transaction } of fresh) {
      if (state !== 'queued' || transaction.held) continue;
      transaction.held = true;
      count++;
    }
    if (count > 0) this.modules.rateLimited(count);
  }

  private want(hash: Hash): WantedTransaction {
    const transaction = { hash, announcements: [], open: 0, asked: null, standby: null, held: false };
    this.wanted.set(hash, transaction);
    return transaction;
  }

  private lapse(announcement: Announcement): void {
    announcement.become('done');
    announcement.peer.reliability.lapsed();
    this.moveOnFrom(announcement);
  }

  /** Asks the best of the other announcers. Gives the transaction up if there is none. */
  private moveOnFrom(announcement: Announcement): void {
    const { transaction } = announcement;
    if (transaction.asked === announcement) transaction.asked = null;
    if (transaction.open === 0) {
      this.forget(transaction);
      this.missed.add(transaction.hash);
    } else if (transaction.asked === null) {
      const next = transaction.standby?.best();
      if (next != null) this.queues.add(next, true);
    }
  }

  private arrive(id: Hash, connection: Connection): void {
    this.arrived.add(id);
    const transaction = this.wanted.get(id);
    if (transaction === undefined) return;
    for (const { isInFlight, peer, state } of transaction.announcements)
      if (isInFlight && peer.connection === connection) peer.reliability.delivered();
      else if (state === 'overdue') peer.reliability.lapsed();
    this.forget(transaction);
  }

  private forget(transaction: WantedTransaction): void {
    this.wanted.delete(transaction.hash);
    for (const announcement of transaction.announcements) {
      announcement.become('done');
      announcement.peer.announcements.delete(transaction.hash);
    }
  }
}

/** Asks for the witnesses too if the peer claims to have them (BIP144). */
function requestFor(connection: Connection, { type, transaction }: Announcement): InventoryItem {
  const { hash } = transaction;
  if (type === INV_WTX || !connection.claimsWitness) return { type, hash };
  return { type: INV_TX | INV_WITNESS_FLAG, hash };
}
