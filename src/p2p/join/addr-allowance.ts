import { MAX_ADDRESSES } from '../messages/network-address';

/** Addresses that are taken from one peer in a millisecond; Core 31 `src/net_processing.cpp` MAX_ADDR_RATE_PER_SECOND, 0.1. */
const PER_MS = 0.1 / 1_000;

/** How many addresses one peer may tell: Core's token bucket (`src/net_processing.cpp`, m_addr_token_bucket). */
export class AddrAllowance {
  /** A peer may tell of itself at once. */
  private tokens = 1;

  /** @param since the monotonic clock when the connection began */
  constructor(private since: number) {}

  /** The peer was asked for addresses: what it may answer comes on top. */
  asked(): void {
    this.tokens += MAX_ADDRESSES;
  }

  /** Of `count` addresses that came at `now`, how many are taken. */
  take(count: number, now: number): number {
    const refilled = this.tokens + (now - this.since) * PER_MS;
    // What an answer may bring is above the limit up to which waiting alone fills it.
    if (this.tokens < MAX_ADDRESSES) this.tokens = Math.min(refilled, MAX_ADDRESSES);
    this.since = now;
    const taken = Math.min(count, Math.floor(this.tokens));
    this.tokens -= taken;
    return taken;
  }
}
