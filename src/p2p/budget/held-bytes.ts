/** Below this a connection's bytes are not looked at, which spares the common case the work. */
const FREE_BYTES = 65_536;

/** A connection whose bytes are held. */
export interface Holder {
  close(reason: HoldingReason): void;
}

/** Why a connection ends that makes us hold too much. */
export type HoldingReason = 'incomplete-message' | 'not-reading';

/** What is held at most, of all connections that are looked at. */
export interface HeldLimits {
  readonly bytes: number;
  /** How long one connection may make us hold more than 64 kB, in milliseconds. */
  readonly maxHoldMs: number;
  readonly reason: HoldingReason;
}

/**
 * Of all inbound peers, what has come of messages that are not whole yet. Core 31 bounds each peer alone
 * (-maxreceivebuffer, 5 MB). A message of the greatest size may take five minutes: 13 kB/s.
 */
export const RECEIVED_LIMITS: HeldLimits = {
  bytes: 64_000_000,
  maxHoldMs: 300_000,
  reason: 'incomplete-message',
};

/**
 * Of all inbound peers, what was written and not read. Who reads nothing for long is found elsewhere
 * (read-turns.ts).
 */
export const UNSENT_LIMITS: HeldLimits = { bytes: 32_000_000, maxHoldMs: Infinity, reason: 'not-reading' };

/** Bounds what peers make us hold: where it is too much, those end whose bytes have been held longest. */
export class HeldBytes {
  /** In the order in which they began. */
  private readonly holders = new Map<Holder, { bytes: number; readonly since: number }>();
  private total = 0;

  constructor(private readonly limits: HeldLimits) {}

  /**
   * Notes how many bytes are held for a connection now, and ends connections where that is too much.
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

  /** Ends those that hold for too long; to be called every second or so. */
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
