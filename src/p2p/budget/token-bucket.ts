/** The size of a {@link TokenBucket}. */
export interface BucketSize {
  /** The bucket refills up to this many tokens. */
  readonly capacity: number;
  readonly perSecond: number;
}

/**
 * An allowance that refills with time. Times are monotonic milliseconds from the caller. As in Core 31
 * `src/net_processing.cpp` m_addr_token_bucket, granted tokens may exceed the capacity and are kept until
 * they are used.
 */
export class TokenBucket {
  private tokens: number;

  /** @param now the present time; the bucket is full unless `tokens` is given */
  constructor(
    readonly size: BucketSize,
    private refilledAt: number,
    tokens = size.capacity,
  ) {
    this.tokens = tokens;
  }

  /** Tokens that are left; negative after an overdraft. */
  left(now: number): number {
    const { capacity, perSecond } = this.size;
    if (now > this.refilledAt) {
      const refill = ((now - this.refilledAt) / 1_000) * perSecond;
      if (this.tokens < capacity) this.tokens = Math.min(capacity, this.tokens + refill);
      this.refilledAt = now;
    }
    return this.tokens;
  }

  /** Takes `cost` tokens if there are as many; otherwise takes none and returns false. */
  take(cost: number, now: number): boolean {
    if (this.left(now) < cost) return false;
    this.tokens -= cost;
    return true;
  }

  /** Takes `cost` tokens even if there are fewer. */
  spend(cost: number, now: number): void {
    this.tokens = this.left(now) - cost;
  }

  /** Adds tokens, even above the capacity. */
  grant(tokens: number): void {
    this.tokens += tokens;
  }
}
