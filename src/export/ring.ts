/** A queue of bounded length in one array of fixed size. */
export class Ring<T> {
  private readonly items: (T | undefined)[];
  private head = 0;
  private count = 0;

  constructor(readonly capacity: number) {
    this.items = new Array<T | undefined>(capacity);
  }

  get length(): number {
    return this.count;
  }

  /** Adds an item at the end. The caller makes sure that there is room. */
  push(item: T): void {
    this.items[(this.head + this.count) % this.capacity] = item;
    this.count++;
  }

  /** Takes up to `n` items from the front. */
  take(n: number): T[] {
    const taken: T[] = [];
    for (let i = Math.min(n, this.count); i > 0; i--) {
      taken.push(this.items[this.head] as T);
      this.items[this.head] = undefined;
      this.head = (this.head + 1) % this.capacity;
      this.count--;
    }
    return taken;
  }

  /** Puts items back at the front, in their order. The caller makes sure that there is room. */
  putBack(items: readonly T[]): void {
    for (let i = items.length - 1; i >= 0; i--) {
      this.head = (this.head + this.capacity - 1) % this.capacity;
      this.items[this.head] = items[i];
      this.count++;
    }
  }
}
