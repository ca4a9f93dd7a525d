import type { PolicyDifference } from '../policy/difference';
import type { Hash } from '../wire/hash';
import { Announcers } from './announcers';

/** A peer that announces something. */
export interface Announcing {
  /** `host:port`. */
  readonly address: string;
  /** See `PeerNumbers`. */
  readonly number: number;
}

/** How one transaction or block spreads over the peers. Times in milliseconds on the monotonic clock. */
export class Spread {
  /** `host:port` of the peer that announced it first. */
  readonly firstPeer: string;
  /**
   * Delays of the announcements by peer, so that one that reconnects and repeats it is not counted twice.
   */
  private readonly announcers = new Announcers();
  /** Delays from the first announcement to the receipt and to the end of our checks. */
  received: number | undefined;
  processed: number | undefined;
  /** Of a watched node: delays until it asked for it, and until it announced it itself. */
  requested: number | undefined;
  relayed: number | undefined;
  /** Of a transaction: what policies that differ on it do with it. */
  difference: PolicyDifference | undefined;

  constructor(
    readonly kind: 'tx' | 'block',
    first: Announcing,
    readonly firstAt: number,
    /** txid or hash of the block in reversed hex; undefined until it is known. */
    public sha: string | undefined,
  ) {
    this.firstPeer = first.address;
    this.announcers.add(first.number, 0);
  }

  /** Number of peers that announced it. */
  get peers(): number {
    return this.announcers.size;
  }

  /** Whether a peer has announced it. */
  has({ number }: Announcing): boolean {
    return this.announcers.has(number);
  }

  /** Records the announcement of a peer that has not announced it before. */
  announce({ number }: Announcing, now: number): void {
    this.announcers.add(number, now - this.firstAt);
  }

  /** Merges the spread of the same transaction under another hash, which was announced later. */
  absorb(later: Spread): void {
    const behind = later.firstAt - this.firstAt;
    this.announcers.absorb(later.announcers, behind);
    later.release();
    this.requested ??= later.requested === undefined ? undefined : later.requested + behind;
    this.relayed ??= later.relayed === undefined ? undefined : later.relayed + behind;
  }

  /** Delays of all announcements in microseconds, ascending; the first is 0. Valid until the next call. */
  delaysUs(): Uint32Array {
    return this.announcers.sortedUs();
  }

  /** The numbers of the peers that announced it. */
  eachPeer(visit: (number: number) => void): void {
    this.announcers.eachPeer(visit);
  }

  /** Gives its memory back, once nobody asks for its delays any more. */
  release(): void {
    this.announcers.release();
  }
}

/** Share of the followed spreads that one peer may have begun once half of the places are taken. */
const PEER_SHARE = 1 / 8;

/**
 * Announcements that are remembered of all spreads together, in 30 MB: those of 20,000 peers in 30 s, of 7
 * transactions a second. Further ones are not counted.
 */
const MOST_ANNOUNCEMENTS = 4_200_000;

/**
 * The spreads that are followed, by the announced hashes. When half of the places are taken, a peer that has
 * begun more than its share can't begin another. So nonsense from one peer does not displace the
 * announcements of others.
 */
export class Followed {
  private readonly spreads = new Map<Hash, Spread>();
  /** Number of hashes by the address of the peer that announced them first. */
  private readonly begun = new Map<string, number>();
  private announcements = 0;

  constructor(private readonly most: number) {}

  get(hash: Hash): Spread | undefined {
    return this.spreads.get(hash);
  }

  /** Whether a new spread that this peer begins is followed. */
  hasRoomFor({ address }: Announcing): boolean {
    const { size } = this.spreads;
    if (size < this.most / 2) return true;
    return size < this.most && (this.begun.get(address) ?? 0) < this.most * PEER_SHARE;
  }

  /** Records an announcement; a peer's second one of the same changes nothing. */
  announce(spread: Spread, peer: Announcing, now: number): void {
    if (this.announcements >= MOST_ANNOUNCEMENTS || spread.has(peer)) return;
    this.announcements += 1;
    spread.announce(peer, now);
  }

  /**
   * Follows a spread under a hash. A transaction that is announced by both of its ids is stored under both.
   */
  set(hash: Hash, spread: Spread): void {
    const before = this.spreads.get(hash);
    if (before !== undefined) this.count(before.firstPeer, -1);
    this.count(spread.firstPeer, 1);
    this.spreads.set(hash, spread);
  }

  /** Removes the spreads that began at `until` or before, and returns them with their hashes. */
  takeUntil(until: number): { readonly spreads: ReadonlySet<Spread>; readonly hashes: readonly Hash[] } {
    const spreads = new Set<Spread>();
    const hashes: Hash[] = [];
    for (const [hash, spread] of this.spreads) {
      if (spread.firstAt > until) continue;
      this.spreads.delete(hash);
      this.count(spread.firstPeer, -1);
      spreads.add(spread);
      hashes.push(hash);
    }
    // The first announcement of each was not counted.
    for (const { peers } of spreads) this.announcements = Math.max(0, this.announcements - peers + 1);
    return { spreads, hashes };
  }

  private count(peer: string, change: number): void {
    const count = (this.begun.get(peer) ?? 0) + change;
    if (count === 0) this.begun.delete(peer);
    else this.begun.set(peer, count);
  }
}
