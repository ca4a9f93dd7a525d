import { LinkedList, type ListItem } from '../lib/linked-list';
import { RANKS } from './reliability';

/** A request that could be sent to a peer. */
export interface Candidate<T extends Candidate<T>> extends ListItem<T> {
  /** The present rank of the peer; see `Reliability`. */
  readonly rank: number;
}

/**
 * The candidates for one transaction or block, by rank and then in order of arrival. The lists are not
 * updated when a rank falls: a candidate is moved when its turn comes, a few times at most, however many
 * there are. `item.list?.remove(item)` removes one.
 */
export class Candidates<T extends Candidate<T>> {
  /** By rank; a list is created when it is needed. */
  private readonly lists: (LinkedList<T> | undefined)[] = [];

  /** Adds a candidate that is in no list. */
  add(item: T): void {
    const { rank } = item;
    (this.lists[rank] ??= new LinkedList()).push(item);
  }

  /** The candidate to ask next, or null. It is not removed. */
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
