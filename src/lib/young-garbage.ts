import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The number of bytes that may wait for a collection. */
const MAX_BYTES = 4_000_000;

type Collect = (options: { readonly type: 'minor' }) => void;

/**
 * Makes the garbage collector free the buffers of received bytes before there are many. Node reads each piece
 * of a stream into its own memory, up to 64 kB. V8 decides about collecting young garbage by its objects
 * alone, and these buffers are small objects. So peers that send large messages leave 40 MB of buffers before
 * V8 collects them, and the allocator does not return all of it. A collection of young garbage takes 0.1 ms
 * to a few milliseconds.
 */
export class YoungGarbage {
  private bytes = 0;

  constructor(private readonly collect: Collect = exposed()) {}

  /** Counts bytes that are no longer needed. */
  released(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < MAX_BYTES) return;
    this.bytes = 0;
    this.collect({ type: 'minor' });
  }
}

/** V8's `gc` function, which exists only while the flag is set. */
function exposed(): Collect {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as Collect;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
