/** The size of a {@link TokenBucket}. */
export interface BucketSize {
  /** Tokens that waiting alone fills it up to. */
  readonly capacity: number;
  readonly perSecond: number;
}

/**
 * An allowance that refills with time. Times are monotonic milliseconds that the caller hands in. The same
 * rule as Core 31 `src/net_processing.cpp` m_addr_token_bucket: what is granted may be above the capacity,
 * and is kept until it is used.
 */
export class TokenBucket {
  private tokens: number;

  /** @param now when it begins, full unless `tokens` says how much is in it */
  constructor(
    readonly size: BucketSize,
    private refilledAt: number,
    tokens = size.capacity,
  ) {
    this.tokens = tokens;
  }

  /** Tokens that are there; below 0 where more was spent than there was. */
  left(now: number): number {
    const { capacity, perSecond } = this.size;
    if (now > this.refilledAt) {
      const refill = ((now - this.refilledAt) / 1_000) * perSecond;
      if (this.tokens < capacity) this.tokens = Math.min(capacity, this.tokens + refill);
      this.refilledAt = now;
    }
    return this.tokens;
  }

  /** Takes `cost` tokens where there are as many; else takes none and gives false. */
  take(cost: number, now: number): boolean {
    if (this.left(now) < cost) return false;
    this.tokens -= cost;
    return true;
  }

  /** Takes `cost` tokens whether they are there or not. */
  spend(cost: number, now: number): void {
    this.tokens = this.left(now) - cost;
  }

  /** Adds tokens, also above the capacity. */
  grant(tokens: number): void {
    this.tokens += tokens;
  }
}
