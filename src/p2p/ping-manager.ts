/**
 * Measures the round trips of pings. bcoin's session sends one ping every 30 seconds, and ends the connection
 * if it stays unanswered; it keeps no exact times.
 */
export class PingManager {
  /** The last ping, until it is answered. */
  private pending: { readonly nonce: bigint; readonly sentMs: number } | null = null;

  /** Notes a ping that was sent. */
  sent(nonce: bigint): void {
    this.pending = { nonce, sentMs: performance.now() };
  }

  /** Takes the nonce of a `pong`. Returns the round trip in milliseconds if it answers the last ping. */
  answered(nonce: bigint): number | undefined {
    if (this.pending?.nonce !== nonce) return undefined;
    const rttMs = performance.now() - this.pending.sentMs;
    this.pending = null;
    return rttMs;
  }
}
