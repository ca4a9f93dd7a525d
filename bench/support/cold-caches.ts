import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { median } from './median';

/** Where Linux tells the caches of the first processor, each in a folder of its own. */
const CACHES = '/sys/devices/system/cpu/cpu0/cache';

/** The size of the largest cache where the system does not tell. */
const ASSUMED_BYTES = 64 * 1_024 * 1_024;

/** The walk is this many times as long as the largest cache, because no cache forgets strictly in order. */
const TIMES = 3;

/** The bytes that a cache loads at once, as a number of integers. */
const LINE = 64 / Int32Array.BYTES_PER_ELEMENT;

/**
 * Measures items while no cache of the processor holds their code or data, however few of them there are.
 * Before each item it walks through memory that is larger than the largest cache.
 */
export class ColdCaches {
  private readonly memory = new Int32Array((TIMES * largestCache()) / Int32Array.BYTES_PER_ELEMENT);

  /**
   * The median of the times that the items take, in nanoseconds, with what follows an item in a microtask.
   */
  async time(items: readonly (() => void)[]): Promise<number> {
    const times: number[] = [];
    for (const item of items) {
      this.walk();
      const start = performance.now();
      item();
      await Promise.resolve();
      times.push((performance.now() - start) * 1e6);
    }
    return median(times);
  }

  private walk(): void {
    const { memory } = this;
    // Written, because all pages that were never written are one page of the machine.
    for (let at = 0; at < memory.length; at += LINE) memory[at] = at;
  }
}

function largestCache(): number {
  try {
    const sizes = readdirSync(CACHES)
      .filter((name) => name.startsWith('index'))
      .map((name) => readFileSync(path.join(CACHES, name, 'size'), 'latin1'));
    // Linux tells them as in 32768K.
    return Math.max(...sizes.map((size) => parseInt(size, 10) * 1_024));
  } catch {
    return ASSUMED_BYTES;
  }
}
