import { LinkedList, type ListItem } from './linked-list';
import { RANKS } from './reliability';

/** Somebody who could be asked. */
export interface Candidate<T extends Candidate<T>> extends ListItem<T> {
  /** The rank of the peer now; see `Reliability`. */
  readonly rank: number;
}

/**
 * Who could be asked for one thing: the highest rank first, of one rank who came first. A candidate whose
 * rank falls is found out when its turn comes, so that each is moved a few times at most, however many there
 * are. `item.list?.remove(item)` removes one.
 */
export class Candidates<T extends Candidate<T>> {
  /** By rank; a list is made when it is needed. */
  private readonly lists: (LinkedList<T> | undefined)[] = [];

  /** Adds a candidate that stands in no list. */
  add(item: T): void {
    const { rank } = item;
    (this.lists[rank] ??= new LinkedList()).push(item);
  }

  /** Who is to be asked next; null where there is nobody. It is not removed. */
  best(): T | null {
    for (let rank = RANKS - 1; rank >= 0; rank--) {
      const list = this.lists[rank];
      if (list === undefined) continue;
      for (let { first } = list; first !== null; { first } = list) {
        if (first.rank >= rank) return first;
        list.remove(first);
        this.add(first);
      }
    }
    return null;
  }
}
