/** A peer with this many unforgiven lapses is asked last. */
const ASKED_LAST = 4;

/** A peer with this many comes after the other peers of its kind. */
const TAINTED = 1;

/** Further lapses do not count. */
const MOST = 60;

/** How lapses are forgiven. */
export interface Forgiveness {
  /** The part of a lapse that a delivery forgives. */
  readonly perDelivery: number;
  /** How long it takes until one lapse is forgiven, in milliseconds. */
  readonly afterMs: number;
}

/** Number of ranks. */
export const RANKS = 6;

/** The rank of a peer that let many requests lapse. */
export const LAST_RANK = 0;

/** The lowest rank of a preferred peer. */
export const LEAST_PREFERRED = 4;

/**
 * Whether a peer delivers what it is asked for. A lapse (it sends `notfound`, or nothing before the deadline)
 * is a debt. Deliveries and time reduce the debt.
 */
export class Reliability {
  private debt = 0;
  private since = 0;
  private proven = false;

  /** @param preferred whether we chose this peer; an attacker can open any number of inbound connections */
  constructor(
    readonly preferred: boolean,
    private readonly forgiving: Forgiveness,
    private readonly monotonicMs: () => number,
  ) {}

  /** Notes a delivery. */
  delivered(): void {
    this.proven = true;
    if (this.debt > 0) this.debt = Math.max(0, this.current() - this.forgiving.perDelivery);
  }

  /** Notes a lapse, which counts `weight`. */
  lapsed(weight = 1): void {
    this.debt = Math.min(MOST, this.current() + weight);
    this.since = this.monotonicMs();
  }

  /**
   * The rank of the peer; peers of higher rank are asked first. 5: preferred. 4: preferred, with a lapse. 3:
   * has delivered before. 2: nothing is known. 1: with a lapse. 0: with many lapses, preferred or not.
   * @param pending lapses that are not noted yet, such as overdue requests
   */
  rank(pending: number): number {
    const debt = this.current() + pending;
    if (debt >= ASKED_LAST) return LAST_RANK;
    const tainted = debt >= TAINTED;
    if (this.preferred) return tainted ? LEAST_PREFERRED : LEAST_PREFERRED + 1;
    if (tainted) return 1;
    return this.proven ? 3 : 2;
  }

  /** The present debt. */
  private current(): number {
    if (this.debt === 0) return 0;
    const now = this.monotonicMs();
    this.debt = Math.max(0, this.debt - (now - this.since) / this.forgiving.afterMs);
    this.since = now;
    return this.debt;
  }
}
