/** So many lapses that were not made up for, and a peer is asked last. */
const ASKED_LAST = 4;

/** So many, and the other peers of its kind are preferred. */
const TAINTED = 1;

/** More lapses than these do not count. */
const MOST = 60;

/** How lapses are forgiven. */
export interface Forgiveness {
  /** The part of a lapse that a delivery makes up for. */
  readonly perDelivery: number;
  /** How long it takes until one lapse is forgiven. */
  readonly afterMs: number;
}

/** Number of ranks. */
export const RANKS = 6;

/** The rank of a peer that let many requests lapse. */
export const LAST_RANK = 0;

/** The least rank of a peer that is preferred. */
export const LEAST_PREFERRED = 4;

/**
 * Whether a peer gives what it is asked for. A request that it lets lapse (it says `notfound`, or nothing in
 * time) is a debt; what it delivers and time make up for it.
 */
export class Reliability {
  private debt = 0;
  private since = 0;
  private proven = false;

  /** @param preferred whether we chose this peer: an attacker can have any number of those that chose us */
  constructor(
    readonly preferred: boolean,
    private readonly forgiving: Forgiveness,
    private readonly monotonicMs: () => number,
  ) {}

  /** Notes that the peer delivered what it was asked for. */
  delivered(): void {
    this.proven = true;
    if (this.debt > 0) this.debt = Math.max(0, this.current() - this.forgiving.perDelivery);
  }

  /** Notes that the peer let a request lapse; `weight` is what that counts. */
  lapsed(weight = 1): void {
    this.debt = Math.min(MOST, this.current() + weight);
    this.since = this.monotonicMs();
  }

  /**
   * In which order peers are asked, the highest rank first: 5 and 4 are those that are preferred, 3 those
   * that have delivered before, 2 those of which nothing is known, 1 those with a lapse, 0 those with many
   * lapses, preferred or not. A preferred peer with a lapse has rank 4.
   * @param pending lapses that are about to be
   */
  rank(pending: number): number {
    const debt = this.current() + pending;
    if (debt >= ASKED_LAST) return LAST_RANK;
    const tainted = debt >= TAINTED;
    if (this.preferred) return tainted ? LEAST_PREFERRED : LEAST_PREFERRED + 1;
    if (tainted) return 1;
    return this.proven ? 3 : 2;
  }

  /** The debt now. */
  private current(): number {
    if (this.debt === 0) return 0;
    const now = this.monotonicMs();
    this.debt = Math.max(0, this.debt - (now - this.since) / this.forgiving.afterMs);
    this.since = now;
    return this.debt;
  }
}
