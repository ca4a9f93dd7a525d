/** So much is allocated at once, if that much is wanted at all. */
const LEAST_BYTES = 1_024;

/**
 * From here on the memory is taken from the system and not from the allocator. The allocator (glibc's) cannot
 * give back what lies between two allocations that are still in use: sixty messages of 4 MB that never ended
 * left 75 MB with the program for good.
 */
const OWN_PAGES_BYTES = 16_384;

/**
 * What has come of a message, or of its header, that is not whole yet. The bytes are copied out of the chunks
 * they came in, so that no chunk of 64 kB is held for the few bytes at its end. The memory grows with what
 * has come, by doubling, never by what was promised.
 *
 * V8 gives a resizable ArrayBuffer pages of its own, and gives them back to the system where it shrinks,
 * without waiting for a collection of garbage. No view of one is handed out: views of resizable buffers have
 * another layout, and code that reads bytes is slower once it has met both.
 */
export class PartialMessage {
  private bytes: Uint8Array = NOTHING;
  private pages: ArrayBuffer | null = null;
  private used = 0;

  /** @param wanted the length of the whole, in bytes */
  constructor(private readonly wanted: number) {}

  /** How many bytes are missing. */
  get missing(): number {
    return this.wanted - this.used;
  }

  /** Takes the next bytes, which are no more than what is missing. */
  add(chunk: Buffer): void {
    const needed = this.used + chunk.length;
    if (needed > this.bytes.length) this.grow(needed);
    this.bytes.set(chunk, this.used);
    this.used = needed;
  }

  /** The whole, once nothing is missing. This object is not used afterwards. */
  take(): Buffer {
    if (this.pages === null) return this.bytes as Buffer;
    const whole = Buffer.allocUnsafeSlow(this.wanted);
    whole.set(this.bytes);
    this.drop();
    return whole;
  }

  /** Gives the memory back. */
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
