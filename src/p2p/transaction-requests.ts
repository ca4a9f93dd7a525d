import type { Clock } from '../lib/clock';
import { Announcement, Announcer, type WantedTransaction } from './announcement';
import { Candidates } from './candidates';
import type { Connection } from './connection';
import { Deadlines } from './deadlines';
import { INV_TX, INV_WITNESS_FLAG, INV_WTX, type InventoryItem } from '../wire/messages/inventory';
import { RequestQueues } from './request-queues';
import { RollingHashes } from '../lib/rolling-hashes';

/**
 * How many ids are remembered of transactions that came, two of most: 2 hours of mainnet at least, in 16 MB
 * when full.
 */
const REMEMBERED = 200_000;

/** How many ids are remembered that nobody gave: a minute of them at the default rate. */
const MAX_MISSED = 12_000;

/**
 * The most announcements of one peer that are kept; further ones are passed over. Core 31
 * `src/node/txdownloadman.h` MAX_PEER_TX_ANNOUNCEMENTS.
 */
const MAX_ANNOUNCEMENTS = 5_000;

/**
 * Peers that dialled us share so many announcements, in 50 MB; each may have the least number of them,
 * however many peers there are.
 */
const SHARED_ANNOUNCEMENTS = 100_000;
const LEAST_ANNOUNCEMENTS = 100;

/**
 * Announcements of peers that dialled us wait this long where we have dialled others, so that those can
 * announce first. Core 31 `src/node/txdownloadman.h` NONPREF_PEER_TX_DELAY.
 */
const NONPREFERRED_DELAY_MS = 2_000;

/**
 * While some peer announces by wtxid, announcements by txid wait this long: the same transaction is then
 * mostly here before it would be asked for under its other id. Core 31, there: TXID_RELAY_DELAY.
 */
const TXID_DELAY_MS = 2_000;

/**
 * Announcements of a peer with so many requests in flight wait this long. Core 31, there:
 * MAX_PEER_TX_REQUEST_IN_FLIGHT and OVERLOADED_PEER_TX_DELAY.
 */
const MAX_IN_FLIGHT = 100;
const OVERLOADED_DELAY_MS = 2_000;

/**
 * A peer that has not sent a transaction after this long is passed over for another that announced it. Core
 * 31, there: GETDATA_TX_INTERVAL.
 */
const TIMEOUT_MS = 60_000;

/**
 * After this long a peer of higher rank that announced the transaction is asked, too. Core waits for the
 * time-out; then whoever announces first and never delivers delays each transaction by a minute.
 */
const OVERDUE_MS = 2_000;

/** What transaction requests work with. */
export interface TransactionRequestsModules {
  readonly clock: Clock;
  /** Takes how many announced transactions the limits hold back, or pass over. */
  readonly rateLimited: (count: number) => void;
}

/**
 * Decides which announced transactions are asked for, and of whom (Core 31 `src/txrequest.h`): each of one
 * peer, then of the next where that one fails, at most `perSecond` a second. Peers that we dialled are
 * preferred to those that dialled us, and whoever let many requests lapse is asked last. All announcers of a
 * transaction are remembered; what each peer may announce is bounded.
 */
export class TransactionRequests {
  /** Both ids of the transactions that came. */
  private readonly arrived = new RollingHashes(REMEMBERED);
  /** What nobody gave who had announced it; it counts as known, and is asked of the next announcer. */
  private readonly missed = new RollingHashes(MAX_MISSED);
  private readonly wanted = new Map<string, WantedTransaction>();
  private readonly peers = new Map<Connection, Announcer>();
  private readonly delayed = new Deadlines<Announcement>();
  private readonly asked = new Deadlines<Announcement>();
  private readonly overdue = new Deadlines<Announcement>();
  private readonly queues: RequestQueues;
  /** Peers whose handshake is complete: those that announce by wtxid (BIP339), and those that we dialled. */
  private wtxidPeers = 0;
  private preferredPeers = 0;

  constructor(
    options: { readonly perSecond: number },
    private readonly modules: TransactionRequestsModules,
  ) {
    this.queues = new RequestQueues(options.perSecond, {
      monotonicMs: () => modules.clock.monotonicMs(),
      serve: (peer, most) => this.serve(peer, most),
    });
  }

  /** Takes a peer whose handshake is complete. */
  connected(connection: Connection): void {
    const peer = this.peerOf(connection);
    if (peer.established) return;
    peer.established = true;
    if (connection.wtxidRelay) this.wtxidPeers++;
    if (peer.preferred) this.preferredPeers++;
  }

  /** Forgets a peer that is gone; what it was asked for is asked of others. */
  ended(connection: Connection): void {
    const peer = this.peers.get(connection);
    if (peer === undefined) return;
    this.peers.delete(connection);
    if (peer.established) {
      if (connection.wtxidRelay) this.wtxidPeers--;
      if (peer.preferred) this.preferredPeers--;
    }
    for (const announcement of peer.announcements.values()) {
      announcement.become('done');
      announcement.leaveTransaction();
      this.turnFrom(announcement);
    }
    this.queues.takeTurns();
  }

  /** Takes what a peer announced, passing over what is no transaction; tells how many of them were known. */
  announced(connection: Connection, items: readonly InventoryItem[]): number {
    if (connection.ended) return 0;
    const now = this.modules.clock.monotonicMs();
    const peer = this.peerOf(connection);
    const most = this.mostOf(peer);
    const delay = this.delayOf(peer);
    const txidDelay = this.wtxidPeers > 0 ? TXID_DELAY_MS : 0;
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
      const wait = type === INV_TX ? delay + txidDelay : delay;
      if (wait > 0) this.delayed.add(announcement, now, wait);
      else if (this.takesPart(announcement)) fresh.push(announcement);
    }
    if (fresh.length > 0) this.queues.serveAtOnce(peer);
    this.hold(fresh, over);
    return known;
  }

  /** Notes that a transaction came, under both of its ids; tells whether it came for the first time. */
  received(txid: string, wtxid: string, connection: Connection): boolean {
    const first = !this.arrived.has(wtxid);
    this.arrive(txid, connection);
    if (wtxid !== txid) this.arrive(wtxid, connection);
    return first;
  }

  /** Whether a transaction came. */
  hasArrived(wtxid: string): boolean {
    return this.arrived.has(wtxid);
  }

  /** Takes a peer's word that it does not have what it was asked for. */
  notFound(connection: Connection, items: readonly InventoryItem[]): void {
    const peer = this.peers.get(connection);
    if (peer === undefined) return;
    for (const { hash } of items) {
      const announcement = peer.announcements.get(hash);
      if (announcement?.isInFlight === true) this.lapse(announcement);
    }
    this.queues.takeTurns();
  }

  /**
   * Asks for what has waited long enough, and others where one has failed; to be called several times a
   * second.
   */
  tick(): void {
    const now = this.modules.clock.monotonicMs();
    const fresh: Announcement[] = [];
    this.delayed.takeDue(now, (announcement) => {
      if (this.takesPart(announcement)) fresh.push(announcement);
    });
    this.asked.takeDue(now, (announcement) => {
      announcement.become('overdue');
      this.overdue.add(announcement, announcement.due, TIMEOUT_MS - OVERDUE_MS);
      const next = announcement.transaction.standby?.best();
      if (next != null && this.mayAsk(next)) this.queues.add(next, true);
    });
    this.overdue.takeDue(now, (announcement) => this.lapse(announcement));
    this.queues.takeTurns();
    this.hold(fresh, 0);
  }

  /** Asks a peer for at most `most` of what stands in its line; tells for how many. */
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

  /** Whether nobody is being asked for the transaction, or somebody of lower rank who is late. */
  private mayAsk({ transaction: { asked }, rank }: Announcement): boolean {
    return asked === null || (asked.state === 'overdue' && rank > asked.rank);
  }

  /**
   * Has an announcement whose delay is over wait for its turn, or stand by; tells whether it waits for its
   * turn.
   */
  private takesPart(announcement: Announcement): boolean {
    const lined = this.mayAsk(announcement);
    if (lined) this.queues.add(announcement);
    else this.standBy(announcement);
    return lined;
  }

  private standBy(announcement: Announcement): void {
    announcement.become('standby');
    (announcement.transaction.standby ??= new Candidates()).add(announcement);
  }

  /** Counts what the limits hold back, each transaction once, and what they pass over. */
  private hold(fresh: readonly Announcement[], over: number): void {
    let count = over;
    for (const { state, transaction } of fresh) {
      if (state !== 'lined' || transaction.held) continue;
      transaction.held = true;
      count++;
    }
    if (count > 0) this.modules.rateLimited(count);
  }

  private want(hash: string): WantedTransaction {
    const transaction = { hash, announcements: [], open: 0, asked: null, standby: null, held: false };
    this.wanted.set(hash, transaction);
    return transaction;
  }

  private lapse(announcement: Announcement): void {
    announcement.become('done');
    announcement.peer.reliability.lapsed();
    this.turnFrom(announcement);
  }

  /**
   * Turns from an announcement that is done to the best of the others; gives the transaction up where there
   * is none.
   */
  private turnFrom(announcement: Announcement): void {
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

  private arrive(id: string, connection: Connection): void {
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

  private peerOf(connection: Connection): Announcer {
    let peer = this.peers.get(connection);
    if (peer === undefined) {
      peer = new Announcer(connection, () => this.modules.clock.monotonicMs());
      this.peers.set(connection, peer);
    }
    return peer;
  }

  /** How many announcements a peer may have. */
  private mostOf({ preferred }: Announcer): number {
    if (preferred) return MAX_ANNOUNCEMENTS;
    const share = Math.floor(SHARED_ANNOUNCEMENTS / this.peers.size);
    return Math.min(MAX_ANNOUNCEMENTS, Math.max(LEAST_ANNOUNCEMENTS, share));
  }

  /**
   * How long an announcement of a peer waits, beside what its kind of id makes it wait. Who was named by the
   * user is never overloaded.
   */
  private delayOf({ preferred, inFlight, connection }: Announcer): number {
    const nonpreferred = !preferred && this.preferredPeers > 0 ? NONPREFERRED_DELAY_MS : 0;
    return nonpreferred + (connection.kind !== 'kept' && inFlight >= MAX_IN_FLIGHT ? OVERLOADED_DELAY_MS : 0);
  }
}

/** Transactions are asked for with their witnesses, of those who claim to have them (BIP144). */
function requestFor(connection: Connection, { type, transaction }: Announcement): InventoryItem {
  const { hash } = transaction;
  if (type === INV_WTX || !connection.claimsWitness) return { type, hash };
  return { type: INV_TX | INV_WITNESS_FLAG, hash };
}
