import { LinkedList, type ListItem } from '../lib/linked-list';

/** An item with a deadline. */
export interface Timed<T extends Timed<T>> extends ListItem<T> {
  /** The deadline, on the monotonic clock in milliseconds. */
  due: number;
}

/**
 * Items that wait for their deadlines. There are few different waits, and the items of each are in the order
 * of their deadlines. So adding, removing and finding due items take constant time. `item.list?.remove(item)`
 * removes an item.
 */
export class Deadlines<T extends Timed<T>> {
  /** By the length of the wait in milliseconds. */
  private readonly lists = new Map<number, LinkedList<T>>();

  /** Adds an item, which is in no list, with a deadline in `ms` milliseconds. */
  add(item: T, now: number, ms: number): void {
    item.due = now + ms;
    let list = this.lists.get(ms);
    if (list === undefined) this.lists.set(ms, (list = new LinkedList()));
    list.push(item);
  }

  /** Removes the items whose deadline has passed and passes each to `take`. */
  takeDue(now: number, take: (item: T) => void): void {
    for (const list of this.lists.values())
      for (let { first } = list; first !== null && first.due <= now; { first } = list) {
        list.remove(first);
        take(first);
      }
  }
}
