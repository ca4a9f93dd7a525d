import { setFlagsFromString } from 'node:v8';
import { collectAll } from '../lib/collect-garbage';

/**
 * How far the heap may grow beyond what was alive at the last full collection until the next one, in percent.
 */
const GROWTH_PERCENT = 30;

/**
 * Code that did not run during so many full collections is dropped, and compiled again when it is called. V8
 * keeps it for 5, and an idle listener keeps what only its start needed for minutes.
 */
const OLD_COLLECTIONS = 2;

/**
 * How often the garbage of a small heap is collected. V8 lets it wait until there are 8 MB, which takes an
 * idle listener minutes.
 */
const COLLECT_MS = 20_000;

/** The largest heap for which that is done, in bytes: a collection takes as long as much is alive. */
const SMALL_HEAP = 25e6;

/** The least garbage, in bytes, for which it is done. */
const MUCH_GARBAGE = 1e6;

/**
 * Makes the garbage collector give memory back early. On a machine with much memory V8 lets the heap grow to
 * several times the live data before it collects. A busy listener with 60 MB of mostly long-lived data then
 * takes 250 MB, and 100 to 140 MB with this setting (scripts/soak.ts). V8 reads the flag at each collection,
 * so it can be set while the program runs.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString(`--bytecode-old-age=${OLD_COLLECTIONS}`);
  const heap = new SmallHeap({ usedBytes: () => process.memoryUsage().heapUsed, collect: collectAll });
  setInterval(() => heap.look(), COLLECT_MS).unref();
}

/** Collects the garbage of a heap while that is small. */
export class SmallHeap {
  private alive = 0;

  constructor(private readonly modules: { readonly usedBytes: () => number; readonly collect: () => void }) {}

  /** Collects the garbage if the heap is small and there is much since the last time. */
  look(): void {
    const used = this.modules.usedBytes();
    if (used > SMALL_HEAP || used < this.alive + MUCH_GARBAGE) return;
    this.modules.collect();
    this.alive = this.modules.usedBytes();
  }
}
