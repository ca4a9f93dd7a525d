/** What can stand in a list: in one at a time. */
export interface Listed<T extends Listed<T>> {
  /** The list that it stands in. */
  list: List<T> | null;
  before: T | null;
  after: T | null;
}

/**
 * A doubly linked list whose links are in the items: each operation takes the same time, whatever the length.
 */
export class List<T extends Listed<T>> {
  first: T | null = null;
  last: T | null = null;
  size = 0;

  /** Puts an item that stands in no list at the end. */
  push(item: T): void {
    item.list = this;
    item.before = this.last;
    if (this.last === null) this.first = item;
    else this.last.after = item;
    this.last = item;
    this.size++;
  }

  /** Puts an item that stands in no list at the front. */
  unshift(item: T): void {
    item.list = this;
    item.after = this.first;
    if (this.first === null) this.last = item;
    else this.first.before = item;
    this.first = item;
    this.size++;
  }

  /** Takes an item of this list out of it. */
  remove(item: T): void {
    if (item.before === null) this.first = item.after;
    else item.before.after = item.after;
    if (item.after === null) this.last = item.before;
    else item.after.before = item.before;
    item.list = item.before = item.after = null;
    this.size--;
  }
}
