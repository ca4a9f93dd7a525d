import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;

/** Collects young garbage, in 0.1 ms to a few milliseconds. */
export function collectYoung(): void {
  (collect ??= exposed())({ type: 'minor' });
}

/**
 * Collects all garbage. It takes longer in proportion to what is alive. With any options, also with
 * `{ type: 'major' }`, Node.js 20 collects young garbage alone.
 */
export function collectAll(): void {
  (collect ??= exposed())();
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
