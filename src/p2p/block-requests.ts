import type { Clock } from '../lib/clock';
import type { Hash } from '../wire/hash';
import { INV_BLOCK, INV_WITNESS_FLAG, type InventoryItem } from '../wire/messages/inventory';
import { BlockAlternativesCache } from './block-alternatives';
import { fetchersAmong } from './block-fetchers';
import { BlockHistory, type BlockReceipt } from './block-history';
import { BlockOffer, type BlockPeer, LAPSE_WEIGHT, type PendingBlock } from './block-offer';
import { BlockPeers, FETCHES_A_PEER } from './block-peers';
import type { Connection } from './connection';
import { Deadlines } from './deadlines';
import { PendingBlocks, settle } from './pending-blocks';
import { LAST_RANK } from './reliability';

/** A peer that has not sent an announced block after this time is passed over for another announcer. */
const TIMEOUT_MS = 30_000;

/** The same if another peer was asked in vain before. */
const NEXT_TIMEOUT_MS = 10_000;

/** After this time an announcer of higher rank is asked as well. */
const OVERDUE_MS = 2_000;

/**
 * Decides which peer is asked for each block. An announced block is requested from its first announcer, a
 * missing one from the peer with the fewest blocks in flight. If that peer fails, the next one is asked. Each
 * request has one deadline, which nothing postpones. Peers that we dialled come before peers that dialled us.
 * A peer that let a block lapse is asked last.
 */
export class BlockRequests {
  private readonly history = new BlockHistory();
  private readonly pending = new PendingBlocks();
  private readonly peers: BlockPeers;
  private readonly asked = new Deadlines<BlockOffer>();
  private readonly overdue = new Deadlines<BlockOffer>();
  private readonly alternatives = new BlockAlternativesCache();

  constructor(private readonly modules: { readonly clock: Clock }) {
    this.peers = new BlockPeers(() => modules.clock.monotonicMs());
  }

  /**
   * Takes the announcements of a peer and ignores all but blocks. Returns how many blocks were known before.
   */
  announced(connection: Connection, items: readonly InventoryItem[]): number {
    if (connection.ended) return 0;
    const batch: InventoryItem[] = [];
    let known = 0;
    for (const { type, hash } of items) {
      if (type !== INV_BLOCK) continue;
      const arrived = this.history.hasArrived(hash);
      if (arrived || this.history.wasRequested(hash)) known++;
      if (arrived) continue;
      const peer = this.peers.of(connection);
      const pending = this.pending.get(hash);
      if (pending !== undefined) {
        this.standBy(pending, peer, this.peers.maxOffers(peer));
      } else if (peer.offers.size < this.peers.maxOffers(peer)) {
        this.start(this.begin(hash), peer, TIMEOUT_MS);
        batch.push(requestFor(connection, hash));
      }
    }
    if (batch.length > 0) connection.request(batch);
    return known;
  }

  /**
   * Notes that a peer has begun to send a block unasked, as a compact one; false if the block has come
   * before. The caller has checked the proof of work, so there is no limit here.
   */
  expect(connection: Connection, hash: Hash): boolean {
    if (this.history.hasArrived(hash)) return false;
    const peer = this.peers.of(connection);
    const pending = this.pending.get(hash);
    if (pending !== undefined) this.standBy(pending, peer, Infinity);
    else this.start(this.begin(hash), peer, TIMEOUT_MS);
    return true;
  }

  /** Whether a peer was asked for a block, and may still send it. */
  awaits(connection: Connection, hash: Hash): boolean {
    const peer = this.peers.get(connection);
    return peer !== undefined && this.pending.get(hash)?.offers.get(peer)?.isInFlight === true;
  }

  /** Whether a peer has let no block lapse recently. */
  trusts(connection: Connection): boolean {
    return this.peers.get(connection)?.rank !== LAST_RANK;
  }

  /**
   * Asks a peer for the full block after its compact one could not be rebuilt, unless another peer is being
   * asked. The deadline stays the same.
   */
  askWhole(connection: Connection, hash: Hash): void {
    if (this.history.hasArrived(hash)) return;
    const peer = this.peers.of(connection);
    const pending = this.pending.get(hash);
    if (pending === undefined) this.start(this.begin(hash), peer, TIMEOUT_MS);
    else if (pending.asked?.peer !== peer) return;
    connection.request([requestFor(connection, hash)]);
  }

  /**
   * Asks the next announcer because a peer did not send the rest of a compact block. The peer itself is asked
   * last, for the full block.
   */
  passOver(connection: Connection, hash: Hash): void {
    const pending = this.pending.get(hash);
    const offer = pending?.asked;
    if (pending == null || offer?.peer.connection !== connection) return;
    offer.peer.reliability.lapsed(LAPSE_WEIGHT);
    pending.lapsed = true;
    pending.asked = null;
    if (connection.ended) {
      offer.become('done');
    } else {
      offer.become('standby');
      pending.standby.add(offer);
    }
    this.askNext(pending);
  }

  /**
   * Asks for missing blocks, except those in flight.
   * @param depth of the first of them below the best header
   * @param connections the peers that may be asked, preferred ones first; only the first of many are
   * considered
   */
  fetch(hashes: readonly Hash[], depth: number, connections: Iterable<Connection>): void {
    const now = this.modules.clock.monotonicMs();
    // After a forgery we wait for the block to be announced: the peers asked before may have only the
    // forgery.
    const wanted = hashes.filter(
      (hash) => !this.pending.has(hash) && !this.alternatives.wasForged(hash, now),
    );
    if (wanted.length === 0) return;
    const fetchers = fetchersAmong(connections, depth);
    const batches = new Map<Connection, InventoryItem[]>();
    for (const hash of wanted) {
      const peer = this.peers.leastLoaded(fetchers, FETCHES_A_PEER);
      if (peer === undefined) break;
      const pending = this.pending.add(hash, { fetchers, fetched: true });
      this.history.requestMissing(hash);
      this.start(pending, peer, this.peers.fetchTimeoutMs(peer, TIMEOUT_MS));
      const { connection } = peer;
      batches.set(connection, [...(batches.get(connection) ?? []), requestFor(connection, hash)]);
    }
    for (const [connection, batch] of batches) connection.request(batch);
  }

  /** Notes that a block came. */
  received(hash: Hash, connection: Connection): BlockReceipt {
    const awaited = this.pending.get(hash);
    if (awaited !== undefined) this.answer(awaited, connection);
    return this.history.received(hash, awaited);
  }

  /**
   * Notes that other bytes came in place of a block, below its header. The block is requested again, from the
   * next announcer or from the next peer that announces it.
   */
  forged(hash: Hash): void {
    this.history.forged(hash);
    const alternatives = this.alternatives.takeForged(hash, this.modules.clock.monotonicMs());
    if (alternatives === undefined || this.pending.has(hash)) return;
    const pending = this.pending.add(hash, alternatives);
    pending.lapsed = true;
    for (const connection of alternatives.announcers)
      if (!connection.ended) pending.standby.add(new BlockOffer(pending, this.peers.of(connection)));
    this.askNext(pending);
  }

  /** Takes a `notfound`: the peer does not have what it was asked for. */
  notFound(connection: Connection, items: readonly InventoryItem[]): void {
    const peer = this.peers.get(connection);
    if (peer === undefined) return;
    for (const { hash } of items) {
      const offer = this.pending.get(hash)?.offers.get(peer);
      if (offer?.isInFlight === true) this.lapse(offer);
    }
  }

  /** Forgets a peer that is gone, and asks others for its blocks in flight. */
  ended(connection: Connection): void {
    const peer = this.peers.get(connection);
    if (peer === undefined) return;
    this.peers.delete(connection);
    for (const offer of peer.offers) {
      offer.become('done');
      offer.pending.offers.delete(peer);
      this.moveOnFrom(offer);
    }
  }

  /** Asks the next announcer if a deadline has passed; to be called several times a second. */
  tick(): void {
    const now = this.modules.clock.monotonicMs();
    this.asked.takeDue(now, (offer) => {
      offer.become('overdue');
      this.overdue.add(offer, offer.due, offer.timeoutMs - OVERDUE_MS);
      this.askBetter(offer.pending);
    });
    this.overdue.takeDue(now, (offer) => {
      this.lapse(offer);
      // The peer is silent or withholds blocks: the other missing blocks are better fetched from other peers.
      if (offer.pending.fetched)
        for (const other of offer.peer.offers)
          if (other.isInFlight && other.pending.fetched) this.lapse(other);
    });
  }

  private begin(hash: Hash): PendingBlock {
    this.history.requestAnnounced(hash);
    return this.pending.add(hash, { fetchers: [], fetched: false });
  }

  /** Adds a peer to the candidates for a block. */
  private standBy(pending: PendingBlock, peer: BlockPeer, most: number): void {
    pending.fetched = false;
    this.history.requestAnnounced(pending.hash);
    if (pending.offers.has(peer) || peer.offers.size >= most) return;
    pending.standby.add(new BlockOffer(pending, peer));
    this.askBetter(pending);
  }

  /** Asks the best candidate if the peer that was asked is overdue and of lower rank. */
  private askBetter(pending: PendingBlock): void {
    if (pending.asked?.state !== 'overdue') return;
    const best = pending.standby.best();
    if (best !== null && best.rank > pending.asked.rank) this.ask(best);
  }

  private lapse(offer: BlockOffer): void {
    offer.peer.reliability.lapsed(LAPSE_WEIGHT);
    offer.pending.lapsed = true;
    offer.become('done');
    this.moveOnFrom(offer);
  }

  /** Asks another peer for the block of an offer that is done, unless one is being asked. */
  private moveOnFrom({ pending }: BlockOffer): void {
    if (pending.asked?.isInFlight === true) return;
    pending.asked = null;
    this.askNext(pending);
  }

  private askNext(pending: PendingBlock): void {
    const best = pending.standby.best();
    if (best !== null) {
      this.ask(best);
      return;
    }
    const peer = this.peers.leastLoaded(pending.fetchers, Infinity, pending.offers);
    if (peer !== undefined) this.ask(new BlockOffer(pending, peer));
    else if (pending.inFlight === 0) this.pending.remove(pending);
  }

  private ask(offer: BlockOffer): void {
    const { pending, peer } = offer;
    const timeoutMs = pending.fetched ? this.peers.fetchTimeoutMs(peer, TIMEOUT_MS) : TIMEOUT_MS;
    this.await(offer, pending.lapsed && !pending.fetched ? NEXT_TIMEOUT_MS : timeoutMs);
    peer.connection.request([requestFor(peer.connection, pending.hash)]);
  }

  private start(pending: PendingBlock, peer: BlockPeer, timeoutMs: number): void {
    this.await(new BlockOffer(pending, peer), timeoutMs);
  }

  private await(offer: BlockOffer, timeoutMs: number): void {
    offer.become('asked');
    offer.timeoutMs = timeoutMs;
    offer.pending.asked = offer;
    this.asked.add(offer, this.modules.clock.monotonicMs(), OVERDUE_MS);
  }

  /** Notes which peer delivered a block, and which others could have. */
  private answer(pending: PendingBlock, connection: Connection): void {
    const announcers = settle(pending, connection);
    const wasAsked = (fetcher: Connection): boolean => {
      const peer = this.peers.get(fetcher);
      return peer !== undefined && pending.offers.has(peer);
    };
    const fetchers = pending.fetchers.filter((fetcher) => !fetcher.ended && !wasAsked(fetcher));
    if (announcers.length + fetchers.length > 0)
      this.alternatives.add(pending.hash, { announcers, fetchers, fetched: pending.fetched });
    this.pending.remove(pending);
  }
}

function requestFor(connection: Connection, hash: Hash): InventoryItem {
  return { type: connection.claimsWitness ? INV_BLOCK | INV_WITNESS_FLAG : INV_BLOCK, hash };
}
