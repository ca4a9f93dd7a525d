import type { Hash } from '../wire/hash';

/**
 * Most peers that are counted as announcers of one transaction or block: more than are connected, unless they
 * come and go.
 */
const MAX_PEERS = 200;

/** How one transaction or block spreads over the peers. Times in milliseconds on the monotonic clock. */
export class Spread {
  /**
   * Delays of the announcements by peer address, so that a peer that reconnects and repeats it is not counted
   * twice.
   */
  private readonly announced = new Map<string, number>();
  /** Delays from the first announcement to the receipt and to the end of our checks. */
  received: number | undefined;
  processed: number | undefined;
  /** Of a watched node: delays until it asked for it, and until it announced it itself. */
  requested: number | undefined;
  relayed: number | undefined;

  constructor(
    readonly kind: 'tx' | 'block',
    /** `host:port` of the peer that announced it first. */
    readonly firstPeer: string,
    readonly firstAt: number,
    /** txid or hash of the block in reversed hex; undefined until it is known. */
    public sha: string | undefined,
  ) {
    this.announced.set(firstPeer, 0);
  }

  /** Records an announcement; a peer's second one changes nothing. */
  announce(peer: string, now: number): void {
    if (this.announced.size < MAX_PEERS && !this.announced.has(peer))
      this.announced.set(peer, now - this.firstAt);
  }

  /** Merges the spread of the same transaction under another hash, which was announced later. */
  absorb(later: Spread): void {
    const behind = later.firstAt - this.firstAt;
    for (const [peer, delay] of later.announced)
      this.announced.set(peer, Math.min(delay + behind, this.announced.get(peer) ?? Infinity));
    this.requested ??= later.requested === undefined ? undefined : later.requested + behind;
    this.relayed ??= later.relayed === undefined ? undefined : later.relayed + behind;
  }

  /** Delays of all announcements, ascending; the first is 0. */
  delays(): readonly number[] {
    return [...this.announced.values()].sort((a, b) => a - b);
  }
}

/** Share of the followed spreads that one peer may have begun once half of the places are taken. */
const PEER_SHARE = 1 / 8;

/**
 * The spreads that are followed, by the announced hashes. When half of the places are taken, a peer that has
 * begun more than its share can't begin another. So nonsense from one peer does not displace the
 * announcements of others.
 */
export class Followed {
  private readonly spreads = new Map<Hash, Spread>();
  /** Number of hashes by the address of the peer that announced them first. */
  private readonly begun = new Map<string, number>();

  constructor(private readonly most: number) {}

  get(hash: Hash): Spread | undefined {
    return this.spreads.get(hash);
  }

  /** Whether a new spread that this peer begins is followed. */
  hasRoomFor(peer: string): boolean {
    const { size } = this.spreads;
    if (size < this.most / 2) return true;
    return size < this.most && (this.begun.get(peer) ?? 0) < this.most * PEER_SHARE;
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
    return { spreads, hashes };
  }

  private count(peer: string, change: number): void {
    const count = (this.begun.get(peer) ?? 0) + change;
    if (count === 0) this.begun.delete(peer);
    else this.begun.set(peer, count);
  }
}
