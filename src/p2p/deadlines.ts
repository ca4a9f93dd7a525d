import { LinkedList, type ListItem } from './linked-list';

/** What has a deadline. */
export interface Timed<T extends Timed<T>> extends ListItem<T> {
  /** When its time is up, on the monotonic clock in milliseconds. */
  due: number;
}

/**
 * Items that wait for their deadlines. There are few lengths of time to wait for, and the items of each
 * length stand in the order of their deadlines: to add an item, to remove it and to find it due takes the
 * same time, however many wait. `item.list?.remove(item)` removes an item.
 */
export class Deadlines<T extends Timed<T>> {
  /** By the length of the wait. */
  private readonly lists = new Map<number, LinkedList<T>>();

  /** Has an item that stands in no list wait for `ms` milliseconds. */
  add(item: T, now: number, ms: number): void {
    item.due = now + ms;
    let list = this.lists.get(ms);
    if (list === undefined) this.lists.set(ms, (list = new LinkedList()));
    list.push(item);
  }

  /** Removes the items whose time is up, and hands over each. */
  takeDue(now: number, take: (item: T) => void): void {
    for (const list of this.lists.values())
      for (let { first } = list; first !== null && first.due <= now; { first } = list) {
        list.remove(first);
        take(first);
      }
  }
}
