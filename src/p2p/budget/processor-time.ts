import { TokenBucket } from './token-bucket';

/**
 * Processor time of one inbound peer, in milliseconds: a quarter of a core, and 2 s at once. Relay takes a
 * few milliseconds in a second. The 450 messages with all headers of mainnet are handled within 40 s.
 */
const TIME = { capacity: 2_000, perSecond: 250 };

/**
 * The same for a peer that joining found: half a core, and 8 s at once, which all headers of mainnet take.
 */
const JOINED_TIME = { capacity: 8_000, perSecond: 500 };

/**
 * An inbound peer that takes at most this processor time is handled before peers that take more. It relays a
 * few messages in a second. 64 peers that take all of it use a third of the processor.
 */
const FRESH = { capacity: 40, perSecond: 5 };

/** The most that one slice is charged. A longer time was caused by the machine and not by the peer. */
const MOST_CHARGED_MS = 250;

/** How long a peer pauses that has no time left. */
export const REST_MS = 100;

/**
 * How long a peer may have paused for lack of time, in milliseconds, and how much of it is forgiven in a
 * second. A peer that sends us all headers, as we asked it to, pauses less.
 */
const RESTS = { capacity: 30_000, perSecond: 100 };

/**
 * A pause counts this many times unless the peer sent headers lately that we asked for: nothing else that an
 * honest peer sends takes all of its time. A peer that sends too much pauses for three quarters of the time,
 * and is disconnected after about 15 s.
 */
const REST_FACTOR = 4;

/** How long such headers count, in milliseconds: other messages come between them. */
const HEADERS_MS = 5_000;

/** The processor time of one stranger: how much it has left, and how long it may pause without it. */
export class ProcessorTime {
  private readonly time: TokenBucket;
  /** The time in which it is handled before peers that take more; null for an outbound peer. */
  private readonly fresh: TokenBucket | null;
  /** How long it may pause; null before it first did. */
  private rests: TokenBucket | null = null;
  /** When it last sent headers that we asked for. */
  private headersAt = -Infinity;

  /**
   * @param isOutbound whether joining found the peer and we dialled it
   * @param now the present time, as in all methods: monotonic milliseconds in which the program could run
   */
  constructor(isOutbound: boolean, now: number) {
    this.time = new TokenBucket(isOutbound ? JOINED_TIME : TIME, now);
    this.fresh = isOutbound ? null : new TokenBucket(FRESH, now);
  }

  /** Whether the peer has none left. */
  isSpent(now: number): boolean {
    return this.time.left(now) <= 0;
  }

  /** Whether an inbound peer is handled before those that take more. */
  isFresh(now: number): boolean {
    return this.fresh !== null && this.fresh.left(now) > 0;
  }

  /** Charges the peer for a slice that took `ms` milliseconds. */
  charge(ms: number, now: number): void {
    const used = Math.min(ms, MOST_CHARGED_MS);
    this.time.spend(used, now);
    this.fresh?.spend(Math.min(used, FRESH.capacity), now);
  }

  /** Notes that the peer sent headers that we asked for. */
  headersCame(now: number): void {
    this.headersAt = now;
  }

  /** Takes one pause of {@link REST_MS}. Returns whether the peer had one left. */
  takeRest(now: number): boolean {
    this.rests ??= new TokenBucket(RESTS, now);
    const factor = now - this.headersAt <= HEADERS_MS ? 1 : REST_FACTOR;
    return this.rests.take(factor * REST_MS, now);
  }
}
