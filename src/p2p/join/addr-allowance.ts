import { TokenBucket } from '../budget/token-bucket';
import { MAX_ADDRESSES } from '../../wire/messages/network-address';

/**
 * Addresses that are accepted from one peer in a second; Core 31 `src/net_processing.cpp`
 * MAX_ADDR_RATE_PER_SECOND.
 */
const PER_SECOND = 0.1;

/** One object serves all peers. */
const SIZE = { capacity: MAX_ADDRESSES, perSecond: PER_SECOND };

/**
 * Limits the addresses that are accepted from one peer: Core's token bucket (`src/net_processing.cpp`
 * m_addr_token_bucket).
 */
export class AddrAllowance {
  private readonly bucket: TokenBucket;

  /** @param since monotonic milliseconds when the connection began */
  constructor(since: number) {
    // A peer may announce its own address at once.
    this.bucket = new TokenBucket(SIZE, since, 1);
  }

  /** Notes a `getaddr` to the peer. Its answer comes on top. */
  asked(): void {
    this.bucket.grant(MAX_ADDRESSES);
  }

  /** How many of `count` addresses that came at `now` are accepted. */
  take(count: number, now: number): number {
    const taken = Math.min(count, Math.floor(this.bucket.left(now)));
    this.bucket.spend(taken, now);
    return taken;
  }
}
