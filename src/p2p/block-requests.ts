import type { Clock } from '../clock';
import type { Connection } from './connection';
import { INV_BLOCK, INV_WITNESS_FLAG, type InventoryItem, wireHash } from './messages/inventory';
import { RollingSet } from './rolling-set';

/** How many block hashes are remembered: two weeks of mainnet. */
const REMEMBERED = 2_016;

/** A peer that has not sent a block after this long is passed over for another that announced it. */
const TIMEOUT_MS = 30_000;

/**
 * The most blocks that may be under way from one peer. A hostile inventory of nonsense hashes fills no more than this, and
 * keeps no block of another peer out.
 */
const MAX_PENDING = 512;

/** Of the last blocks that came it is remembered who else announced them, in case that what came was no block. */
const MAX_ANSWERED = 64;

/** Blocks that one peer is asked to send at once to fill a gap (Core 31 `src/net_processing.h`: 16 as well). */
const FETCHES_A_PEER = 16;

/** How long a peer that did not send a block is asked for missing ones only where there is no other. */
const PASSED_OVER_MS = 300_000;

/** Blocks below the best header that a peer with the service NETWORK_LIMITED has (BIP159), less a margin. */
const LIMITED_DEPTH = 280;

const NODE_NETWORK = 1n << 0n;
const NODE_NETWORK_LIMITED = 1n << 10n;

interface Pending {
  readonly hash: string;
  /** Who has announced the block, or may have it, and was not asked yet. */
  readonly others: Connection[];
  asked: Connection;
  askedAt: number;
  /** Whether no peer has announced it. */
  fetched: boolean;
}

/**
 * Decides of whom each block is asked: an announced one of its first announcer, a missing one of the peer that was asked for
 * the fewest; then of the next one where that fails.
 */
export class BlockRequests {
  private readonly arrived = new RollingSet(REMEMBERED);
  /** What was asked for, under way or given up, as it was announced or was missing: a late answer is an answer. */
  private readonly requested = new RollingSet(REMEMBERED);
  private readonly missing = new RollingSet(REMEMBERED);
  private readonly pending = new Map<string, Pending>();
  /** Who else has announced the blocks that came of late, by their hashes. */
  private readonly answered = new Map<string, Pending>();
  /** When other bytes came in place of a block, of late. */
  private readonly forgeries = new Map<string, number>();
  /** When a peer last failed to send what it was asked for. */
  private readonly failures = new WeakMap<Connection, number>();

  constructor(private readonly modules: { readonly clock: Clock }) {}

  /** Takes what a peer announced, passing over what is no block; tells how many of them were known. */
  announced(connection: Connection, items: readonly InventoryItem[]): number {
    const now = this.modules.clock.monotonicMs();
    const batch: InventoryItem[] = [];
    let room = MAX_PENDING - this.pendingOf(connection);
    let known = 0;
    for (const { type, hash } of items) {
      if (type !== INV_BLOCK) continue;
      const pending = this.pending.get(hash);
      if (this.arrived.has(hash) || this.requested.has(hash)) known++;
      if (this.arrived.has(hash)) continue;
      if (pending !== undefined) {
        this.standBy(pending, connection);
      } else if (room-- > 0) {
        this.begin(connection, hash, now);
        batch.push(requestFor(connection, hash));
      }
    }
    if (batch.length > 0) connection.request(batch);
    return known;
  }

  /**
   * Takes that a peer has begun to send a block unasked, as a compact one; false where the block came before. Whoever calls
   * it has seen proof of work, so that no bound is needed.
   */
  expect(connection: Connection, hash: string): boolean {
    if (this.arrived.has(hash)) return false;
    const pending = this.pending.get(hash);
    if (pending !== undefined) this.standBy(pending, connection);
    else this.begin(connection, hash, this.modules.clock.monotonicMs());
    return true;
  }

  /** Asks a peer for the whole of a block of which it sent not enough, unless another is being asked. */
  askWhole(connection: Connection, hash: string): void {
    if (this.arrived.has(hash)) return;
    const pending = this.pending.get(hash) ?? this.begin(connection, hash, 0);
    if (pending.asked === connection) this.ask(pending, connection);
  }

  /** Turns to the next announcer where a peer did not send the rest of a block; to itself, for the whole, at last. */
  passOver(connection: Connection, hash: string): void {
    const pending = this.pending.get(hash);
    if (pending?.asked !== connection) return;
    if (!connection.ended) pending.others.push(connection);
    this.askNext(pending);
  }

  /**
   * Asks for blocks that are missing, but for those that are under way.
   * @param hashes as people write them
   * @param depth of the first of them below the best header
   * @param connections whoever may be asked
   */
  fetch(hashes: readonly string[], depth: number, connections: Iterable<Connection>): void {
    const peers = [...connections].filter((connection) => mayHave(connection, depth));
    const loads = new Map(peers.map((peer) => [peer, 0]));
    for (const { asked } of this.pending.values()) {
      const load = loads.get(asked);
      if (load !== undefined) loads.set(asked, load + 1);
    }
    const now = this.modules.clock.monotonicMs();
    const batches = new Map<Connection, InventoryItem[]>();
    for (const hash of hashes.map(wireHash)) {
      if (this.pending.has(hash)) continue;
      // Whoever has the block announces it; those that were asked may have nothing but the forgery.
      if (now - (this.forgeries.get(hash) ?? -Infinity) < PASSED_OVER_MS) continue;
      const asked = this.leastLoaded(loads);
      if (asked === undefined) break;
      loads.set(asked, (loads.get(asked) ?? 0) + 1);
      const others = peers.filter((peer) => peer !== asked);
      this.pending.set(hash, { hash, others, asked, askedAt: now, fetched: true });
      this.missing.add(hash);
      batches.set(asked, [...(batches.get(asked) ?? []), requestFor(asked, hash)]);
    }
    for (const [connection, batch] of batches) connection.request(batch);
  }

  /**
   * Notes that a block came; tells whether it came for the first time, whether it was asked for, and whether that was because
   * it was missing. One that nobody asked for is not looked at, so that it may be any bytes under a header: it does not
   * count as here.
   */
  received(
    hash: string,
    connection: Connection,
  ): { readonly first: boolean; readonly requested: boolean; readonly fetched: boolean } {
    const awaited = this.pending.get(hash);
    this.pending.delete(hash);
    if (awaited !== undefined && awaited.others.length > 0) keepNewest(this.answered.set(hash, awaited));
    if (awaited?.asked === connection) this.waitOn(connection);
    const wasRequested = this.requested.has(hash);
    const wasMissing = this.missing.has(hash);
    const first = !this.arrived.has(hash);
    const requested = awaited !== undefined || wasRequested || wasMissing;
    if (first && requested) this.arrived.add(hash);
    return { first, requested, fetched: awaited?.fetched ?? (wasMissing && !wasRequested) };
  }

  /**
   * Takes it that what came under this hash was not the block, but other bytes under its header: the block is asked for again, of
   * the next announcer or of the next to announce it.
   */
  forged(hash: string): void {
    this.arrived.delete(hash);
    keepNewest(this.forgeries.set(hash, this.modules.clock.monotonicMs()));
    const answered = this.answered.get(hash);
    this.answered.delete(hash);
    if (answered === undefined) return;
    this.pending.set(hash, answered);
    this.askNext(answered);
  }

  /** Takes a peer's word that it does not have what it was asked for. */
  notFound(connection: Connection, items: readonly InventoryItem[]): void {
    for (const { hash } of items) {
      const pending = this.pending.get(hash);
      if (pending?.asked === connection) this.askNext(pending);
    }
  }

  /** Turns to the next announcer where the one that was asked is gone or silent; to be called several times a second. */
  tick(): void {
    const now = this.modules.clock.monotonicMs();
    for (const pending of this.pending.values())
      if (pending.asked.ended || now - pending.askedAt > TIMEOUT_MS) this.askNext(pending);
  }

  private begin(asked: Connection, hash: string, askedAt: number): Pending {
    const pending = { hash, others: [], asked, askedAt, fetched: false };
    this.pending.set(hash, pending);
    this.requested.add(hash);
    return pending;
  }

  private pendingOf(connection: Connection): number {
    let count = 0;
    for (const { asked } of this.pending.values()) if (asked === connection) count++;
    return count;
  }

  /** Notes that a peer has a block, too. */
  private standBy(pending: Pending, connection: Connection): void {
    const { hash, asked, others } = pending;
    pending.fetched = false;
    this.requested.add(hash);
    if (asked !== connection && !others.includes(connection)) others.push(connection);
  }

  /** Of the peers that did not fail of late, or of all where all did, the one with the fewest requests, if it may have more. */
  private leastLoaded(loads: ReadonlyMap<Connection, number>): Connection | undefined {
    const before = this.modules.clock.monotonicMs() - PASSED_OVER_MS;
    const all = [...loads];
    const good = all.filter(([peer]) => (this.failures.get(peer) ?? -Infinity) < before);
    let least: Connection | undefined;
    let fewest = FETCHES_A_PEER;
    for (const [peer, load] of good.length > 0 ? good : all) {
      if (load >= fewest) continue;
      least = peer;
      fewest = load;
    }
    return least;
  }

  /** A peer sends one block after the other: who has just sent one is not late with the next. */
  private waitOn(connection: Connection): void {
    const now = this.modules.clock.monotonicMs();
    for (const pending of this.pending.values()) if (pending.asked === connection) pending.askedAt = now;
  }

  private askNext(pending: Pending): void {
    this.failures.set(pending.asked, this.modules.clock.monotonicMs());
    const next = pending.others.shift();
    if (next === undefined) {
      this.pending.delete(pending.hash);
      return;
    }
    this.ask(pending, next);
  }

  private ask(pending: Pending, connection: Connection): void {
    pending.asked = connection;
    pending.askedAt = this.modules.clock.monotonicMs();
    connection.request([requestFor(connection, pending.hash)]);
  }
}

function keepNewest(blocks: Map<string, unknown>): void {
  for (const oldest of blocks.keys()) {
    if (blocks.size <= MAX_ANSWERED) return;
    blocks.delete(oldest);
  }
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
