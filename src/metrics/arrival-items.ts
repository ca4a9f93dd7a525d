import { RollingHashes } from '../lib/rolling-hashes';
import type { Hash } from '../wire/hash';

/** The part of the items followed at a time that one peer may have begun. */
const PEER_SHARE = 1 / 4;

/** The most peers of one item that get a point. */
const MAX_PEERS = 25_000;

/** How many items are followed at a time, and for how long each. */
export interface ArrivalLimits {
  readonly most: number;
  readonly forMs: number;
  /** Number of hashes that are not followed again, at least. */
  readonly remembered: number;
}

/** An item that is followed. */
interface Item {
  /** When it was announced first, in monotonic milliseconds. */
  readonly firstMs: number;
  readonly begunBy: number;
  /** The peers that have announced it, by id. */
  readonly peers: Set<number>;
}

/**
 * Blocks and transactions that are followed: each peer's first announcement gets a point. If too many spread
 * at a time, later ones are not followed at all, so that the points of an item are complete.
 */
export class ArrivalItems {
  /** The oldest first. */
  private readonly items = new Map<Hash, Item>();
  private readonly begun = new Map<number, number>();
  private readonly seen: RollingHashes<Hash>;

  constructor(private readonly limits: ArrivalLimits) {
    this.seen = new RollingHashes<Hash>(limits.remembered);
  }

  /**
   * Takes the announcement of an item by a peer. Returns the milliseconds since the first one. Undefined if
   * there is no point: the peer has announced it before, or the item is not followed.
   */
  announced(hash: Hash, peer: number, nowMs: number): number | undefined {
    const item = this.items.get(hash);
    if (item === undefined) return this.begin(hash, peer, nowMs) ? 0 : undefined;
    if (item.peers.has(peer) || item.peers.size >= MAX_PEERS) return undefined;
    item.peers.add(peer);
    return nowMs - item.firstMs;
  }

  /** Ends items that were followed for long enough. */
  expire(nowMs: number): void {
    for (const [hash, { firstMs, begunBy }] of this.items) {
      if (nowMs - firstMs < this.limits.forMs) return;
      this.items.delete(hash);
      const count = (this.begun.get(begunBy) ?? 0) - 1;
      if (count > 0) this.begun.set(begunBy, count);
      else this.begun.delete(begunBy);
    }
  }

  private begin(hash: Hash, peer: number, nowMs: number): boolean {
    const { most } = this.limits;
    if (this.seen.has(hash)) return false;
    this.seen.add(hash);
    this.expire(nowMs);
    const count = this.begun.get(peer) ?? 0;
    if (this.items.size >= most || (this.items.size >= most / 2 && count >= most * PEER_SHARE)) return false;
    this.begun.set(peer, count + 1);
    this.items.set(hash, { firstMs: nowMs, begunBy: peer, peers: new Set([peer]) });
    return true;
  }
}
