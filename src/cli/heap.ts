import { setFlagsFromString } from 'node:v8';

/**
 * How far the heap may grow beyond what was alive at the last full collection before there is another one, in
 * percent.
 */
const GROWTH_PERCENT = 30;

/**
 * Has the garbage collector give memory back early. On a machine with much memory V8 lets the heap grow to a
 * multiple of what is alive before it looks: a busy listener, of whose 60 MB most lives for long, then takes
 * 250 MB for it, and with this 100 to 140 (scripts/soak.ts). V8 reads the flag at each collection, so that
 * it can be set while the program runs.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
