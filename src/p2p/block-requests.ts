import type { Clock } from '../clock';
import type { Connection } from './connection';
import { INV_BLOCK, INV_WITNESS_FLAG, type InventoryItem } from './messages/inventory';
import { RollingSet } from './rolling-set';

/** How many block hashes are remembered: two weeks of mainnet. */
const REMEMBERED = 2_016;

/** A peer that has not sent a block after this long is passed over for another that announced it. */
const TIMEOUT_MS = 30_000;

/**
 * The most blocks that may be under way from one peer. A hostile inventory of nonsense hashes fills no more than this, and
 * keeps no block of another peer out.
 */
const MAX_PENDING = 128;

/** Of the last blocks that came it is remembered who else announced them, in case that what came was no block. */
const MAX_ANSWERED = 64;

interface Pending {
  readonly hash: string;
  /** Who has announced the block and was not asked yet. */
  readonly others: Connection[];
  asked: Connection;
  askedAt: number;
}

/** Decides of whom each announced block is asked: the first announcer, then the next one where that fails. */
export class BlockRequests {
  private readonly arrived = new RollingSet(REMEMBERED);
  /** What was asked for, under way or given up: a late answer is an answer. */
  private readonly requested = new RollingSet(REMEMBERED);
  private readonly pending = new Map<string, Pending>();
  /** Who else has announced the blocks that came of late, by their hashes. */
  private readonly answered = new Map<string, Connection[]>();

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
        standBy(pending, connection);
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
    if (pending !== undefined) standBy(pending, connection);
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
   * Notes that a block came; tells whether it came for the first time, and whether it was asked for. One that nobody asked for
   * is not looked at, so that it may be any bytes under a header: it does not count as here.
   */
  received(hash: string): { readonly first: boolean; readonly requested: boolean } {
    const others = this.pending.get(hash)?.others ?? [];
    this.pending.delete(hash);
    if (others.length > 0) this.answered.set(hash, others);
    for (const oldest of this.answered.keys()) {
      if (this.answered.size <= MAX_ANSWERED) break;
      this.answered.delete(oldest);
    }
    const first = !this.arrived.has(hash);
    const requested = this.requested.has(hash);
    if (first && requested) this.arrived.add(hash);
    return { first, requested };
  }

  /**
   * Takes it that what came under this hash was not the block, but other bytes under its header: the block is asked for again, of
   * the next announcer or of the next to announce it.
   */
  forged(hash: string): void {
    this.arrived.delete(hash);
    const others = this.answered.get(hash) ?? [];
    this.answered.delete(hash);
    const asked = others.shift();
    if (asked === undefined) return;
    this.pending.set(hash, { hash, others, asked, askedAt: this.modules.clock.monotonicMs() });
    asked.request([requestFor(asked, hash)]);
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
    const pending = { hash, others: [], asked, askedAt };
    this.pending.set(hash, pending);
    this.requested.add(hash);
    return pending;
  }

  private pendingOf(connection: Connection): number {
    let count = 0;
    for (const { asked } of this.pending.values()) if (asked === connection) count++;
    return count;
  }

  private askNext(pending: Pending): void {
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

/** Notes that a peer has a block, too. */
function standBy({ asked, others }: Pending, connection: Connection): void {
  if (asked !== connection && !others.includes(connection)) others.push(connection);
}

function requestFor(connection: Connection, hash: string): InventoryItem {
  return { type: connection.claimsWitness ? INV_BLOCK | INV_WITNESS_FLAG : INV_BLOCK, hash };
}
