/** A connection with at most this many bytes is not tracked, which keeps the common case cheap. */
const FREE_BYTES = 65_536;

/** A connection whose bytes we hold. */
export interface Holder {
  close(reason: HoldingReason): void;
}

/** Why a connection is closed if we hold too many bytes of it. */
export type HoldingReason = 'incomplete-message' | 'not-reading';

/** Limits for all tracked connections together. */
export interface HeldLimits {
  readonly bytes: number;
  /** How long we hold more than 64 kB for one connection, in milliseconds. */
  readonly maxHoldMs: number;
  readonly reason: HoldingReason;
}

/**
 * Limits for the incomplete messages of all peers but those that the user named. Core 31 limits each peer
 * separately (-maxreceivebuffer, 5 MB). The largest message may take five minutes: 13 kB/s.
 */
export const RECEIVED_LIMITS: HeldLimits = {
  bytes: 64_000_000,
  maxHoldMs: 300_000,
  reason: 'incomplete-message',
};

/**
 * Limits for the bytes that these peers have not read. Peers that read nothing for long are closed by
 * read-turns.ts.
 */
export const UNSENT_LIMITS: HeldLimits = { bytes: 32_000_000, maxHoldMs: Infinity, reason: 'not-reading' };

/**
 * Limits the bytes that we hold for peers. Above the limit the connections are closed whose bytes were held
 * longest.
 */
export class HeldBytes {
  /** In the order in which they exceeded 64 kB. */
  private readonly holders = new Map<Holder, { bytes: number; readonly since: number }>();
  private total = 0;

  constructor(private readonly limits: HeldLimits) {}

  /**
   * Notes how many bytes are now held for a connection, and closes connections above the limit.
   * @param now monotonic milliseconds
   */
  hold(holder: Holder, bytes: number, now: number): void {
    const held = this.holders.get(holder);
    if (bytes <= FREE_BYTES) {
      if (held !== undefined) this.release(holder);
      return;
    }
    this.total += bytes - (held?.bytes ?? 0);
    if (held === undefined) this.holders.set(holder, { bytes, since: now });
    else held.bytes = bytes;
    for (const oldest of this.holders.keys()) {
      if (this.total <= this.limits.bytes) return;
      this.end(oldest);
    }
  }

  /** Forgets a connection. */
  release(holder: Holder): void {
    this.total -= this.holders.get(holder)?.bytes ?? 0;
    this.holders.delete(holder);
  }

  /** Closes connections whose bytes were held for too long; to be called about every second. */
  tick(now: number): void {
    for (const [holder, { since }] of this.holders) {
      if (now - since <= this.limits.maxHoldMs) return;
      this.end(holder);
    }
  }

  private end(holder: Holder): void {
    this.release(holder);
    holder.close(this.limits.reason);
  }
}
