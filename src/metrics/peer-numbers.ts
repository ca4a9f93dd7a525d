/** How many peers have a number at once: more than can be connected. */
const MAX_PEERS = 30_000;

/**
 * A small number for each peer, by its address. Compact tables remember peers by it. A number of a peer that
 * left is used again only after the tables have forgotten it. A peer that comes back before that gets its
 * number again.
 */
export class PeerNumbers {
  private readonly numbers = new Map<string, number>();
  private readonly free: number[] = [];
  private highest = 0;
  /** When the peers that are gone lose their numbers, in this order. */
  private readonly leaving = new Map<string, number>();

  /** @param keptMs how long the number of a peer that is gone is kept */
  constructor(private readonly keptMs: number) {}

  /** The number of a peer; undefined if too many peers have one. */
  of(address: string): number | undefined {
    const known = this.numbers.get(address);
    if (known !== undefined) {
      if (this.leaving.size > 0) this.leaving.delete(address);
      return known;
    }
    if (this.numbers.size >= MAX_PEERS) return undefined;
    const number = this.free.pop() ?? this.highest++;
    this.numbers.set(address, number);
    return number;
  }

  /** Notes that a peer is gone. */
  left(address: string, nowMs: number): void {
    if (!this.numbers.has(address)) return;
    this.leaving.delete(address);
    this.leaving.set(address, nowMs + this.keptMs);
  }

  /** Frees the numbers of peers that are gone for long; to be called in each interval. */
  expire(nowMs: number): void {
    for (const [address, dueMs] of this.leaving) {
      if (dueMs > nowMs) return;
      this.leaving.delete(address);
      const number = this.numbers.get(address);
      if (number === undefined) continue;
      this.numbers.delete(address);
      this.free.push(number);
    }
  }
}
