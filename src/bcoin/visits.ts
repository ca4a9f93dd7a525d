/** How many times in a period some of the items are visited. */
const SLOTS = 20;

/**
 * Visits each of many items once in a period, with one timer for all of them. The visits are spread over the
 * period: an item is visited first when one period has passed since it was added. There is no timer while
 * there are no items.
 */
export class Visits<T> {
  private readonly slots: readonly Set<T>[] = Array.from({ length: SLOTS }, () => new Set());
  /** The slot that was visited last. */
  private last = 0;
  private count = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly periodMs: number,
    private readonly visit: (item: T) => void,
  ) {}

  /** Adds an item that is not there. Returns its slot. */
  add(item: T): number {
    this.timer ??= setInterval(() => this.tick(), this.periodMs / SLOTS);
    this.slots[this.last]?.add(item);
    this.count += 1;
    return this.last;
  }

  /** Removes an item, if it is in this slot. */
  delete(item: T, slot: number): void {
    if (this.slots[slot]?.delete(item) !== true) return;
    this.count -= 1;
    if (this.count > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private tick(): void {
    this.last = (this.last + 1) % SLOTS;
    for (const item of this.slots[this.last] ?? []) this.visit(item);
  }
}
