import type { Clock } from '../lib/clock';
import { BlockOffer, BlockPeer, LAPSE_WEIGHT, type PendingBlock } from './block-offer';
import { Candidates } from './candidates';
import type { Connection } from './connection';
import { Deadlines } from './deadlines';
import { INV_BLOCK, INV_WITNESS_FLAG, type InventoryItem } from '../wire/messages/inventory';
import { wireHash } from '../wire/hash';
import { LAST_RANK } from './reliability';
import { RollingSet } from '../lib/rolling-set';

/** How many block hashes are remembered: two weeks of mainnet. */
const REMEMBERED = 2_016;

/**
 * A peer that has not sent an announced block after this long is passed over for another that announced it.
 */
const TIMEOUT_MS = 30_000;

/** The same where another was asked in vain before. */
const NEXT_TIMEOUT_MS = 10_000;

/** After this long a peer of higher rank that announced the block is asked, too. */
const OVERDUE_MS = 2_000;

/**
 * The most blocks that may be under way from one peer, or wait for it to be asked. A hostile inventory of
 * nonsense hashes fills no more than this, and keeps no block of another peer out.
 */
const MAX_OFFERS = 512;

/**
 * Peers that dialled us share so many, in 30 MB; each may have the least number of them, however many peers
 * there are.
 */
const SHARED_OFFERS = 32_768;
const LEAST_OFFERS = 16;

/**
 * Of the last blocks that came it is remembered who else announced them, and of how many, in case that what
 * came was no block.
 */
const MAX_ANSWERED = 64;
const MAX_OTHERS = 64;

/**
 * Blocks that one peer is asked to send at once to fill a gap (Core 31 `src/net_processing.h`: 16 as well).
 */
const FETCHES_A_PEER = 16;

/** Connections that are looked at to fill gaps, and those of them that are asked. */
const LOOK_AT = 512;
const MAX_FETCHERS = 64;

/** How long nobody is asked for a missing block of which a forgery came. */
const FORGERY_MS = 300_000;

/** Blocks below the best header that a peer with the service NETWORK_LIMITED has (BIP159), less a margin. */
const LIMITED_DEPTH = 280;

const NODE_NETWORK = 1n << 0n;
const NODE_NETWORK_LIMITED = 1n << 10n;

/** A block that came, with those who could be asked for it if it was none. */
interface Answered {
  readonly others: readonly Connection[];
  /** Of these, some could have it, and were not asked. */
  readonly fetchers: readonly Connection[];
  readonly fetched: boolean;
}

/**
 * Decides of whom each block is asked: an announced one of its first announcer, a missing one of the peer
 * that was asked for the fewest; then of the next one where that fails. Each block has one deadline, which
 * nothing puts off. Peers that we dialled are preferred to those that dialled us, and whoever let a block
 * lapse is asked last.
 */
export class BlockRequests {
  private readonly arrived = new RollingSet(REMEMBERED);
  /**
   * What was asked for, under way or given up, as it was announced or was missing: a late answer is an
   * answer.
   */
  private readonly requested = new RollingSet(REMEMBERED);
  private readonly missing = new RollingSet(REMEMBERED);
  private readonly pending = new Map<string, PendingBlock>();
  private readonly peers = new Map<Connection, BlockPeer>();
  private readonly asked = new Deadlines<BlockOffer>();
  private readonly overdue = new Deadlines<BlockOffer>();
  /** The blocks that came of late, by their hashes. */
  private readonly answered = new Map<string, Answered>();
  /** When other bytes came in place of a block, of late. */
  private readonly forgeries = new Map<string, number>();

  constructor(private readonly modules: { readonly clock: Clock }) {}

  /** Takes what a peer announced, passing over what is no block; tells how many of them were known. */
  announced(connection: Connection, items: readonly InventoryItem[]): number {
    if (connection.ended) return 0;
    const batch: InventoryItem[] = [];
    let known = 0;
    for (const { type, hash } of items) {
      if (type !== INV_BLOCK) continue;
      const arrived = this.arrived.has(hash);
      if (arrived || this.requested.has(hash)) known++;
      if (arrived) continue;
      const peer = this.peerOf(connection);
      const pending = this.pending.get(hash);
      if (pending !== undefined) {
        this.standBy(pending, peer, this.mostOf(peer));
      } else if (peer.offers.size < this.mostOf(peer)) {
        this.start(this.begin(hash), peer, TIMEOUT_MS);
        batch.push(requestFor(connection, hash));
      }
    }
    if (batch.length > 0) connection.request(batch);
    return known;
  }

  /**
   * Takes that a peer has begun to send a block unasked, as a compact one; false where the block came before.
   * Whoever calls it has seen proof of work, so that no bound is needed.
   */
  expect(connection: Connection, hash: string): boolean {
    if (this.arrived.has(hash)) return false;
    const peer = this.peerOf(connection);
    const pending = this.pending.get(hash);
    if (pending !== undefined) this.standBy(pending, peer, Infinity);
    else this.start(this.begin(hash), peer, TIMEOUT_MS);
    return true;
  }

  /** Whether a peer let no block lapse of late. */
  trusts(connection: Connection): boolean {
    return this.peers.get(connection)?.rank !== LAST_RANK;
  }

  /**
   * Asks a peer for the whole of a block of which it sent not enough, unless another is being asked. It has
   * no more time for it than it had.
   */
  askWhole(connection: Connection, hash: string): void {
    if (this.arrived.has(hash)) return;
    const peer = this.peerOf(connection);
    const pending = this.pending.get(hash);
    if (pending === undefined) this.start(this.begin(hash), peer, TIMEOUT_MS);
    else if (pending.asked?.peer !== peer) return;
    connection.request([requestFor(connection, hash)]);
  }

  /**
   * Turns to the next announcer where a peer did not send the rest of a block; to itself, for the whole, at
   * last.
   */
  passOver(connection: Connection, hash: string): void {
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
   * Asks for blocks that are missing, but for those that are under way.
   * @param hashes as people write them
   * @param depth of the first of them below the best header
   * @param connections whoever may be asked, the preferred ones first; not all are looked at where they are
   *   many
   */
  fetch(hashes: readonly string[], depth: number, connections: Iterable<Connection>): void {
    const now = this.modules.clock.monotonicMs();
    // Of a forged one, whoever has the block announces it; those that were asked may have nothing but the
    // forgery.
    const wanted = hashes
      .map(wireHash)
      .filter(
        (hash) => !this.pending.has(hash) && now - (this.forgeries.get(hash) ?? -Infinity) >= FORGERY_MS,
      );
    if (wanted.length === 0) return;
    const fetchers = fetchersAmong(connections, depth);
    const batches = new Map<Connection, InventoryItem[]>();
    for (const hash of wanted) {
      const peer = this.leastLoaded(fetchers, FETCHES_A_PEER);
      if (peer === undefined) break;
      const pending = this.newPending(hash, { fetchers, fetched: true });
      this.missing.add(hash);
      this.start(pending, peer, this.patienceFor(peer));
      const { connection } = peer;
      batches.set(connection, [...(batches.get(connection) ?? []), requestFor(connection, hash)]);
    }
    for (const [connection, batch] of batches) connection.request(batch);
  }

  /**
   * Notes that a block came; tells whether it came for the first time, whether it was asked for, and whether
   * that was because it was missing. One that nobody asked for is not looked at, so that it may be any bytes
   * under a header: it does not count as here.
   */
  received(
    hash: string,
    connection: Connection,
  ): { readonly first: boolean; readonly requested: boolean; readonly fetched: boolean } {
    const awaited = this.pending.get(hash);
    if (awaited !== undefined) this.answer(awaited, connection);
    const wasRequested = this.requested.has(hash);
    const wasMissing = this.missing.has(hash);
    const first = !this.arrived.has(hash);
    const requested = awaited !== undefined || wasRequested || wasMissing;
    if (first && requested) this.arrived.add(hash);
    return { first, requested, fetched: awaited?.fetched ?? (wasMissing && !wasRequested) };
  }

  /**
   * Takes it that what came under this hash was not the block, but other bytes under its header: the block is
   * asked for again, of the next announcer or of the next to announce it.
   */
  forged(hash: string): void {
    this.arrived.delete(hash);
    keepNewest(this.forgeries.set(hash, this.modules.clock.monotonicMs()));
    const answered = this.answered.get(hash);
    this.answered.delete(hash);
    if (answered === undefined || this.pending.has(hash)) return;
    const pending = this.newPending(hash, answered);
    pending.lapsed = true;
    for (const connection of answered.others)
      if (!connection.ended) pending.standby.add(new BlockOffer(pending, this.peerOf(connection)));
    this.askNext(pending);
  }

  /** Takes a peer's word that it does not have what it was asked for. */
  notFound(connection: Connection, items: readonly InventoryItem[]): void {
    const peer = this.peers.get(connection);
    if (peer === undefined) return;
    for (const { hash } of items) {
      const offer = this.pending.get(hash)?.offers.get(peer);
      if (offer?.isInFlight === true) this.lapse(offer);
    }
  }

  /** Forgets a peer that is gone; what it was asked for is asked of others. */
  ended(connection: Connection): void {
    const peer = this.peers.get(connection);
    if (peer === undefined) return;
    this.peers.delete(connection);
    for (const offer of peer.offers) {
      offer.become('done');
      offer.pending.offers.delete(peer);
      this.turnFrom(offer);
    }
  }

  /**
   * Turns to the next announcer where the one that was asked is silent; to be called several times a second.
   */
  tick(): void {
    const now = this.modules.clock.monotonicMs();
    this.asked.takeDue(now, (offer) => {
      offer.become('overdue');
      this.overdue.add(offer, offer.due, offer.timeoutMs - OVERDUE_MS);
      this.askBetter(offer.pending);
    });
    this.overdue.takeDue(now, (offer) => {
      this.lapse(offer);
      // It is silent, or sends what it likes: what else it was to fetch is better fetched from others.
      if (offer.pending.fetched)
        for (const other of offer.peer.offers)
          if (other.isInFlight && other.pending.fetched) this.lapse(other);
    });
  }

  private begin(hash: string): PendingBlock {
    this.requested.add(hash);
    return this.newPending(hash, { fetchers: [], fetched: false });
  }

  private newPending(hash: string, { fetchers, fetched }: Omit<Answered, 'others'>): PendingBlock {
    const pending = {
      ...{ hash, fetchers, fetched, offers: new Map(), standby: new Candidates<BlockOffer>() },
      ...{ asked: null, inFlight: 0, lapsed: false },
    };
    this.pending.set(hash, pending);
    return pending;
  }

  /** Notes that a peer has a block, too. */
  private standBy(pending: PendingBlock, peer: BlockPeer, most: number): void {
    pending.fetched = false;
    this.requested.add(pending.hash);
    if (pending.offers.has(peer) || peer.offers.size >= most) return;
    pending.standby.add(new BlockOffer(pending, peer));
    this.askBetter(pending);
  }

  /** Asks the best of those who stand by where the one that was asked is late and of lower rank. */
  private askBetter(pending: PendingBlock): void {
    if (pending.asked?.state !== 'overdue') return;
    const best = pending.standby.best();
    if (best !== null && best.rank > pending.asked.rank) this.ask(best);
  }

  /**
   * Of the peers that let no block lapse, or of all where all did, the preferred ones and of these the one
   * that was asked for the fewest blocks, if it may be asked for more.
   */
  private leastLoaded(
    connections: readonly Connection[],
    most: number,
    asked?: ReadonlyMap<BlockPeer, unknown>,
  ): BlockPeer | undefined {
    let best: BlockPeer | undefined;
    let bestOrder = Infinity;
    let anyGood = false;
    for (const connection of connections) {
      if (connection.ended) continue;
      const peer = this.peerOf(connection);
      if (asked?.has(peer) === true) continue;
      const isGood = peer.rank !== LAST_RANK;
      if (isGood && !anyGood) {
        anyGood = true;
        best = undefined;
        bestOrder = Infinity;
      }
      if (peer.inFlight >= most || isGood !== anyGood) continue;
      const order = (peer.reliability.preferred ? 0 : MAX_OFFERS * 2) + peer.inFlight;
      if (order >= bestOrder) continue;
      best = peer;
      bestOrder = order;
    }
    return best;
  }

  /** How long a peer has for a missing block: it sends one after the other. */
  private patienceFor(peer: BlockPeer): number {
    return TIMEOUT_MS * (1 + Math.min(peer.inFlight, FETCHES_A_PEER - 1));
  }

  private lapse(offer: BlockOffer): void {
    offer.peer.reliability.lapsed(LAPSE_WEIGHT);
    offer.pending.lapsed = true;
    offer.become('done');
    this.turnFrom(offer);
  }

  /** Turns from an offer that is done to the next one, where no other peer is being asked. */
  private turnFrom({ pending }: BlockOffer): void {
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
    const peer = this.leastLoaded(pending.fetchers, Infinity, pending.offers);
    if (peer !== undefined) this.ask(new BlockOffer(pending, peer));
    else if (pending.inFlight === 0) this.forget(pending);
  }

  private ask(offer: BlockOffer): void {
    const { pending, peer } = offer;
    const patience = pending.fetched ? this.patienceFor(peer) : TIMEOUT_MS;
    this.await(offer, pending.lapsed && !pending.fetched ? NEXT_TIMEOUT_MS : patience);
    peer.connection.request([requestFor(peer.connection, pending.hash)]);
  }

  private start(pending: PendingBlock, peer: BlockPeer, patience: number): void {
    this.await(new BlockOffer(pending, peer), patience);
  }

  private await(offer: BlockOffer, patience: number): void {
    offer.become('asked');
    offer.timeoutMs = patience;
    offer.pending.asked = offer;
    this.asked.add(offer, this.modules.clock.monotonicMs(), OVERDUE_MS);
  }

  /** Notes who gave a block, and who else could have. */
  private answer(pending: PendingBlock, connection: Connection): void {
    const others: Connection[] = [];
    for (let best = pending.standby.best(); best !== null; best = pending.standby.best()) {
      best.become('done');
      others.push(best.peer.connection);
      if (others.length >= MAX_OTHERS) break;
    }
    for (const { peer, isInFlight, state } of pending.offers.values())
      if (isInFlight && peer.connection === connection) peer.reliability.delivered();
      else if (state === 'overdue') peer.reliability.lapsed();
    const fetchers = pending.fetchers.filter((fetcher) => !pending.offers.has(this.peerOf(fetcher)));
    if (others.length + fetchers.length > 0)
      keepNewest(this.answered.set(pending.hash, { others, fetchers, fetched: pending.fetched }));
    this.forget(pending);
  }

  private forget(pending: PendingBlock): void {
    this.pending.delete(pending.hash);
    for (const offer of pending.offers.values()) {
      offer.become('done');
      offer.peer.offers.delete(offer);
    }
  }

  private peerOf(connection: Connection): BlockPeer {
    let peer = this.peers.get(connection);
    if (peer === undefined) {
      peer = new BlockPeer(connection, () => this.modules.clock.monotonicMs());
      this.peers.set(connection, peer);
    }
    return peer;
  }

  /** How many blocks may be under way from a peer, or wait for it. */
  private mostOf({ reliability }: BlockPeer): number {
    if (reliability.preferred) return MAX_OFFERS;
    const share = Math.floor(SHARED_OFFERS / this.peers.size);
    return Math.min(MAX_OFFERS, Math.max(LEAST_OFFERS, share));
  }
}

function keepNewest(blocks: Map<string, unknown>): void {
  for (const oldest of blocks.keys()) {
    if (blocks.size <= MAX_ANSWERED) return;
    blocks.delete(oldest);
  }
}

/** Those who claim to have blocks that deep. */
function fetchersAmong(connections: Iterable<Connection>, depth: number): readonly Connection[] {
  const fetchers: Connection[] = [];
  let looked = 0;
  for (const connection of connections) {
    if (++looked > LOOK_AT || fetchers.length >= MAX_FETCHERS) break;
    if (mayHave(connection, depth)) fetchers.push(connection);
  }
  return fetchers;
}

/** Whether a peer claims to have blocks that deep, with their witnesses. */
function mayHave({ claims, established, ended, claimsWitness }: Connection, depth: number): boolean {
  if (claims === null || !established || ended || !claimsWitness) return false;
  if ((claims.services & NODE_NETWORK) !== 0n) return true;
  return (claims.services & NODE_NETWORK_LIMITED) !== 0n && depth < LIMITED_DEPTH;
}

function requestFor(connection: Connection, hash: string): InventoryItem {
  return { type: connection.claimsWitness ? INV_BLOCK | INV_WITNESS_FLAG : INV_BLOCK, hash };
}
