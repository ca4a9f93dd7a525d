/**
 * Measures the round trips of the pings of one connection. Ours are sent by bcoin's session, one every 30
 * seconds; it ends the connection if one stays unanswered, and keeps no exact times.
 */
export class PingManager {
  /** The last ping, until it is answered. */
  private pending: { readonly nonce: bigint; readonly sentMs: number } | null = null;

  /** Notes a ping that was sent, and when. */
  sent(nonce: bigint, sentMs: number): void {
    this.pending = { nonce, sentMs };
  }

  /**
   * Takes the nonce of a `pong` that came at `nowMs`. Returns the round trip in milliseconds if it answers
   * the last ping.
   */
  answered(nonce: bigint, nowMs: number): number | undefined {
    if (this.pending?.nonce !== nonce) return undefined;
    const rttMs = nowMs - this.pending.sentMs;
    this.pending = null;
    return rttMs;
  }
}
