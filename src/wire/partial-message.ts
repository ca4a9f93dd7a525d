/** The first allocation in bytes, unless less is wanted. */
const LEAST_BYTES = 1_024;

/**
 * Memory of this size or more is taken from the system and not from the allocator. The allocator (glibc's)
 * cannot give back memory between two allocations that are still in use: sixty messages of 4 MB that never
 * ended left 75 MB with the program for good.
 */
const OWN_PAGES_BYTES = 16_384;

/**
 * The received part of a message, or of its header. The bytes are copied out of their chunks, so that no
 * chunk of 64 kB is kept for the few bytes at its end. The memory grows with the bytes received, by doubling,
 * and never by the length that a header claims.
 *
 * V8 gives a resizable ArrayBuffer pages of its own, and returns them to the system when it shrinks, without
 * waiting for a garbage collection. No view of one is handed out: views of resizable buffers have another
 * layout, and code that reads bytes is slower once it has met both.
 */
export class PartialMessage {
  private bytes: Uint8Array = NOTHING;
  private pages: ArrayBuffer | null = null;
  private used = 0;

  /** @param wanted length of the complete message in bytes */
  constructor(private readonly wanted: number) {}

  /** The number of bytes that are missing. */
  get missing(): number {
    return this.wanted - this.used;
  }

  /** Takes the next bytes, at most as many as are missing. */
  add(chunk: Buffer): void {
    const needed = this.used + chunk.length;
    if (needed > this.bytes.length) this.grow(needed);
    this.bytes.set(chunk, this.used);
    this.used = needed;
  }

  /** The complete message, once nothing is missing. This object is not used afterwards. */
  take(): Buffer {
    if (this.pages === null) return this.bytes as Buffer;
    const whole = Buffer.allocUnsafeSlow(this.wanted);
    whole.set(this.bytes);
    this.drop();
    return whole;
  }

  /** Frees the memory. */
  drop(): void {
    this.bytes = NOTHING;
    this.pages?.resize(0);
    this.pages = null;
  }

  private grow(needed: number): void {
    const length = Math.min(this.wanted, Math.max(LEAST_BYTES, needed, 2 * this.bytes.length));
    if (this.pages !== null) {
      this.pages.resize(length);
      this.bytes = new Uint8Array(this.pages, 0, length);
      return;
    }
    const before = this.bytes;
    if (length <= OWN_PAGES_BYTES) {
      this.bytes = Buffer.allocUnsafeSlow(length);
    } else {
      this.pages = new ArrayBuffer(length, { maxByteLength: this.wanted });
      this.bytes = new Uint8Array(this.pages, 0, length);
    }
    this.bytes.set(before);
  }
}

const NOTHING: Uint8Array = Buffer.alloc(0);
