import { collectYoung } from './collect-garbage';

/** The number of bytes that may wait for a collection. */
const MAX_BYTES = 4_000_000;

/**
 * Makes the garbage collector free the buffers of received bytes before there are many. Node reads each piece
 * of a stream into its own memory, up to 64 kB. V8 decides about collecting young garbage by its objects
 * alone, and these buffers are small objects. So peers that send large messages leave 40 MB of buffers before
 * V8 collects them, and the allocator does not return all of it. A collection of young garbage takes 0.1 ms
 * to a few milliseconds.
 */
export class YoungGarbage {
  private bytes = 0;

  constructor(private readonly collect: () => void = collectYoung) {}

  /** Counts bytes that are no longer needed. */
  released(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < MAX_BYTES) return;
    this.bytes = 0;
    this.collect();
  }
}
