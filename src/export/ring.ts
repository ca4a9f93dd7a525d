/** Room for the first items. It doubles as long as there are more, up to the capacity. */
const FIRST_ROOM = 1_024;

/**
 * A queue of bounded length in one array. The array grows with the items and does not shrink: an array for a
 * whole capacity of 250,000 takes 2 MB, which an idle node would never use.
 */
export class Ring<T> {
  private items: (T | undefined)[];
  private head = 0;
  private count = 0;

  constructor(
    readonly capacity: number,
    firstRoom = FIRST_ROOM,
  ) {
    this.items = new Array<T | undefined>(Math.min(capacity, firstRoom));
  }

  get length(): number {
    return this.count;
  }

  /** Adds an item at the end. The caller makes sure that there is room. */
  push(item: T): void {
    this.makeRoom(1);
    this.items[(this.head + this.count) % this.items.length] = item;
    this.count++;
  }

  /** Takes up to `n` items from the front. */
  take(n: number): T[] {
    const taken: T[] = [];
    const room = this.items.length;
    for (let i = Math.min(n, this.count); i > 0; i--) {
      taken.push(this.items[this.head] as T);
      this.items[this.head] = undefined;
      this.head = (this.head + 1) % room;
      this.count--;
    }
    return taken;
  }

  /** Puts items back at the front, in their order. The caller makes sure that there is room. */
  putBack(items: readonly T[]): void {
    this.makeRoom(items.length);
    const room = this.items.length;
    for (let i = items.length - 1; i >= 0; i--) {
      this.head = (this.head + room - 1) % room;
      this.items[this.head] = items[i];
      this.count++;
    }
  }

  /** Moves the items into a larger array if there is no room for `n` more. */
  private makeRoom(n: number): void {
    const { items, count, head, capacity } = this;
    if (count + n <= items.length) return;
    let room = items.length;
    while (room < count + n) room *= 2;
    const larger = new Array<T | undefined>(Math.min(room, capacity));
    for (let i = 0; i < count; i++) larger[i] = items[(head + i) % items.length];
    this.items = larger;
    this.head = 0;
  }
}
