/** What can stand in a list: in one at a time. */
export interface ListItem<T extends ListItem<T>> {
  /** The list that it stands in. */
  list: LinkedList<T> | null;
  previous: T | null;
  next: T | null;
}

/**
 * A doubly linked list whose links are in the items: each operation takes the same time, whatever the length.
 */
export class LinkedList<T extends ListItem<T>> {
  first: T | null = null;
  last: T | null = null;
  size = 0;

  /** Puts an item that stands in no list at the end. */
  push(item: T): void {
    item.list = this;
    item.previous = this.last;
    if (this.last === null) this.first = item;
    else this.last.next = item;
    this.last = item;
    this.size++;
  }

  /** Puts an item that stands in no list at the front. */
  unshift(item: T): void {
    item.list = this;
    item.next = this.first;
    if (this.first === null) this.last = item;
    else this.first.previous = item;
    this.first = item;
    this.size++;
  }

  /** Takes an item of this list out of it. */
  remove(item: T): void {
    if (item.previous === null) this.first = item.next;
    else item.previous.next = item.next;
    if (item.next === null) this.last = item.previous;
    else item.next.previous = item.previous;
    item.list = item.previous = item.next = null;
    this.size--;
  }
}
