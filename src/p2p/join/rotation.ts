import { TokenBucket } from '../budget/token-bucket';

/** At most this part of all sessions is due at once. */
const BURST = 1 / 100;

/**
 * A session lasts at least this part of its intended time. The first sessions are ended early, so that not
 * all of them end at once.
 */
const LEAST_AGE = 1 / 10;

/**
 * Decides when sessions are ended, so that other peers take their places: the oldest first, evenly in time.
 * With N peers one is due after each Nth part of the intended time of a session.
 */
export class Rotation {
  private readonly bucket: TokenBucket;

  /**
   * @param everyMs how long a session is to last
   * @param peers number of sessions
   */
  constructor(
    readonly everyMs: number,
    peers: number,
    private readonly monotonicMs: () => number,
  ) {
    const capacity = Math.max(1, Math.ceil(peers * BURST));
    this.bucket = new TokenBucket({ capacity, perSecond: (peers / everyMs) * 1_000 }, monotonicMs(), 0);
  }

  /**
   * How many sessions are due.
   * @param oldestSince when the oldest session began; undefined if there is none
   */
  due(oldestSince: number | undefined): number {
    const now = this.monotonicMs();
    if (oldestSince === undefined || now - oldestSince < this.everyMs * LEAST_AGE) return 0;
    return Math.floor(this.bucket.left(now));
  }

  /** Notes that a session was let go. */
  rotated(): void {
    this.bucket.spend(1, this.monotonicMs());
  }
}
