/** An item of a linked list. It is in one list at a time. */
export interface ListItem<T extends ListItem<T>> {
  /** The list that it is in. */
  list: LinkedList<T> | null;
  previous: T | null;
  next: T | null;
}

/** A doubly linked list whose links are in the items, so that every operation takes constant time. */
export class LinkedList<T extends ListItem<T>> {
  first: T | null = null;
  last: T | null = null;
  size = 0;

  /** Adds an item, which is in no list, at the end. */
  push(item: T): void {
    item.list = this;
    item.previous = this.last;
    if (this.last === null) this.first = item;
    else this.last.next = item;
    this.last = item;
    this.size++;
  }

  /** Adds an item, which is in no list, at the front. */
  unshift(item: T): void {
    item.list = this;
    item.next = this.first;
    if (this.first === null) this.last = item;
    else this.first.previous = item;
    this.first = item;
    this.size++;
  }

  /** Removes an item of this list. */
  remove(item: T): void {
    if (item.previous === null) this.first = item.next;
    else item.previous.next = item.next;
    if (item.next === null) this.last = item.previous;
    else item.next.previous = item.previous;
    item.list = item.previous = item.next = null;
    this.size--;
  }
}
