import { createHash } from 'node:crypto';

/**
 * Numbers and bytes that are the same for the same seed: SHA-256 of the seed and a counter. Not for real
 * secrets.
 */
export class SeededRandom {
  private counter = 0;

  constructor(private readonly seed: string) {}

  /** Up to 32 bytes. */
  bytes(length: number): Buffer {
    this.counter++;
    return createHash('sha256').update(`${this.seed}/${this.counter}`).digest().subarray(0, length);
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + (this.bytes(4).readUInt32LE() % (to - from + 1));
  }

  /** A whole number from `from` to `to`, with each order of magnitude equally likely. */
  magnitude(from: number, to: number): number {
    const share = this.bytes(4).readUInt32LE() / 2 ** 32;
    return Math.round(from * (to / from) ** share);
  }

  /** True once in `times` calls on average. */
  oneIn(times: number): boolean {
    return this.between(1, times) === 1;
  }
}
