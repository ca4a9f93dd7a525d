import { TokenBucket } from '../budget/token-bucket';
import { MAX_ADDRESSES } from '../../wire/messages/network-address';

/**
 * Addresses that are taken from one peer in a second; Core 31 `src/net_processing.cpp`
 * MAX_ADDR_RATE_PER_SECOND.
 */
const PER_SECOND = 0.1;

/**
 * How many addresses one peer may tell: Core's token bucket (`src/net_processing.cpp`, m_addr_token_bucket).
 */
export class AddrAllowance {
  private readonly bucket: TokenBucket;

  /** @param since the monotonic clock when the connection began */
  constructor(since: number) {
    // A peer may tell of itself at once.
    this.bucket = new TokenBucket({ capacity: MAX_ADDRESSES, perSecond: PER_SECOND }, since, 1);
  }

  /** The peer was asked for addresses: what it may answer comes on top. */
  asked(): void {
    this.bucket.grant(MAX_ADDRESSES);
  }

  /** Of `count` addresses that came at `now`, how many are taken. */
  take(count: number, now: number): number {
    const taken = Math.min(count, Math.floor(this.bucket.left(now)));
    this.bucket.spend(taken, now);
    return taken;
  }
}
