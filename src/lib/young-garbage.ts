import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So many bytes may wait for a collection. */
const MAX_BYTES = 4_000_000;

type Collect = (options: { readonly type: 'minor' }) => void;

/**
 * Has the buffers of read bytes collected before they are many. Node reads each piece of a stream into memory
 * of its own, up to 64 kB. V8 looks for young garbage by its objects alone, whose bytes are few: peers that
 * send large messages leave 40 MB of such buffers behind before it looks, and the allocator does not give all
 * of that back. A collection of young garbage takes 0.1 ms to a few milliseconds.
 */
export class YoungGarbage {
  private bytes = 0;

  constructor(private readonly collect: Collect = exposed()) {}

  /** Takes that so many bytes are needed no longer. */
  left(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < MAX_BYTES) return;
    this.bytes = 0;
    this.collect({ type: 'minor' });
  }
}

/** V8's own function, which is there while the flag is. */
function exposed(): Collect {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as Collect;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
