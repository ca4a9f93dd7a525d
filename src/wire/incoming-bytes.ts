import { YoungGarbage } from '../lib/young-garbage';
import { PartialMessage } from './partial-message';

/**
 * The bytes of a stream that were received and not taken yet; chunks may end anywhere. Bytes within one chunk
 * are taken as a view of it, not as a copy. Incomplete bytes are copied out of their chunks, so that no chunk
 * is kept for the few bytes at its end.
 */
export class IncomingBytes {
  /** Chunks after `partial` that were not taken yet. Most of the time there are none. */
  private chunks: Buffer[] = NO_CHUNKS;
  /** The first bytes of what is taken next. */
  private partial: PartialMessage | null = null;
  private buffered = 0;

  /** The number of bytes. */
  get length(): number {
    return this.buffered;
  }

  /** Adds a chunk at the end. */
  add(chunk: Buffer): void {
    // An array that was emptied, and one that grew by `push`, keeps room for 16 items: 150 bytes.
    if (this.chunks.length === 0) this.chunks = [chunk];
    else this.chunks.push(chunk);
    this.buffered += chunk.length;
  }

  /** Takes `length` bytes off the front. The caller has checked that they are there. */
  take(length: number): Buffer {
    this.buffered -= length;
    const { partial } = this;
    if (partial === null && (this.chunks[0] ?? EMPTY).length >= length) return this.cut(length);
    this.partial = null;
    const whole = partial ?? new PartialMessage(length);
    for (let { missing } = whole; missing > 0; { missing } = whole)
      whole.add(this.cut(Math.min(missing, (this.chunks[0] ?? EMPTY).length)));
    garbage.released(length);
    return whole.take();
  }

  /**
   * Copies the chunks into memory of their own, so that the chunks can be freed. The bytes are fewer than the
   * `wanted` ones that are taken next.
   */
  copyChunks(wanted: number): void {
    if (this.chunks.length === 0) return;
    this.partial ??= new PartialMessage(wanted);
    for (const chunk of this.chunks) {
      this.partial.add(chunk);
      garbage.released(chunk.length);
    }
    this.chunks = NO_CHUNKS;
  }

  /** Drops all bytes. */
  clear(): void {
    this.chunks = NO_CHUNKS;
    this.partial?.drop();
    this.partial = null;
    this.buffered = 0;
  }

  /** Cuts `length` bytes off the first chunk, which has at least as many. */
  private cut(length: number): Buffer {
    const first = this.chunks[0] ?? EMPTY;
    if (first.length > length) this.chunks[0] = first.subarray(length);
    else if (this.chunks.length === 1) this.chunks = NO_CHUNKS;
    else this.chunks.shift();
    return first.length > length ? first.subarray(0, length) : first;
  }
}

/** One instance serves all connections. */
const garbage = new YoungGarbage();

const EMPTY = Buffer.alloc(0);

/** One empty list serves all streams; nothing is ever added to it. */
const NO_CHUNKS: Buffer[] = [];
