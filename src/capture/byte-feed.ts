/**
 * Bytes that come in chunks and are taken in pieces of known lengths. A piece that lies within one chunk is a
 * view of it. At most one incomplete piece is kept, in memory of its own, so that chunks can be freed.
 */
export class ByteFeed {
  private chunk: Buffer = EMPTY;
  /** Offset in `chunk` of the next byte. */
  private at = 0;
  /** Memory for a piece whose end has not come yet. */
  private partial: Buffer | null = null;
  private filled = 0;
  private toSkip = 0;
  private taken = 0;

  /** The number of bytes that were taken or skipped: the offset of the next piece in the capture. */
  get offset(): number {
    return this.taken;
  }

  /** The number of bytes that have come of the piece that is incomplete. */
  get begun(): number {
    return this.filled;
  }

  /** The number of bytes that are still to be skipped. */
  get leftToSkip(): number {
    return this.toSkip;
  }

  /** Adds the next chunk. All of the one before must have been taken: `take` has returned null. */
  add(chunk: Buffer): void {
    this.chunk = chunk;
    this.at = 0;
  }

  /** Leaves out the next `length` bytes, whether they are here or not. Costs no memory. */
  skip(length: number): void {
    this.toSkip += length;
    this.discharge();
  }

  /**
   * The next `length` bytes, or null if they are not complete. Call again with the same length when more has
   * come. It allocates `length` bytes at most: the caller bounds what a stranger's number says.
   */
  take(length: number): Buffer | null {
    this.discharge();
    if (this.toSkip > 0) return null;
    const here = this.chunk.length - this.at;
    if (this.partial === null && here >= length) return this.cut(length);
    if (here === 0) return this.release();
    this.partial ??= Buffer.allocUnsafeSlow(length);
    const part = this.cut(Math.min(here, length - this.filled));
    part.copy(this.partial, this.filled);
    this.filled += part.length;
    if (this.filled < length) return this.release();
    const whole = this.partial;
    this.partial = null;
    this.filled = 0;
    return whole;
  }

  private discharge(): void {
    if (this.toSkip === 0) return;
    const length = Math.min(this.toSkip, this.chunk.length - this.at);
    this.at += length;
    this.taken += length;
    this.toSkip -= length;
  }

  private cut(length: number): Buffer {
    const start = this.at;
    this.at += length;
    this.taken += length;
    return this.chunk.subarray(start, this.at);
  }

  /** Everything of the chunk was read. */
  private release(): null {
    this.chunk = EMPTY;
    this.at = 0;
    return null;
  }
}

const EMPTY = Buffer.alloc(0);
